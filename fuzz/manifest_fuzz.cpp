// manifest.json: any text is refused, or is a manifest that is written as a text which gives the same one again and is
// within its bounds.
#include <cstdint>
#include <string>

#include "fuzz/property.hpp"
#include "trainer/formats/manifest.hpp"
#include "trainer_protocol/presets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace emeth::trainer;
    using emeth::fuzz::require;
    constexpr ManifestBounds bounds{.epochs_max = 4, .segments_max = 3};
    static const Preset preset = emeth::trainer_protocol::find_preset("nano").value();
    const auto manifest = read_manifest(emeth::fuzz::text_of(data, size), bounds);
    if (manifest.has_error()) return 0;
    require(manifest->states.size() == manifest->compute.segments.size() + 1, "segments lie between states");
    for (std::uint32_t segment = 0; segment < manifest->compute.segments.size(); ++segment)
        (void)manifest->compute.precision(segment);
    const std::string written = write_manifest(*manifest, preset);
    require(written.size() <= bounds.bytes_max(), "a manifest that is written is within the bounds of reading");
    const auto again = read_manifest(written, bounds);
    require(again.has_value() && write_manifest(*again, preset) == written && again->compute == manifest->compute,
            "a manifest is the same after it was written again");
    return 0;
}
