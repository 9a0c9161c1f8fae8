// ABI: any answer of a contract decodes to values or to an Error; nothing is read outside the answer.
#include <cstdint>
#include <span>

#include "chain/encoding/abi.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using emeth::chain::abi::Decoder;
    const std::span input(data, size);
    Decoder details(input, "jobDetails");
    (void)details.number("programId");
    (void)details.text("param");
    (void)details.text("dataset");
    (void)details.text("result");
    (void)details.check();

    Decoder record(input, "jobs");
    (void)record.boolean("exist");
    (void)record.job_id("jobId");
    (void)record.address("owner");
    (void)record.time("deadline");
    (void)record.amount("fee");
    (void)record.check();

    Decoder text(input, "Error(string)");
    (void)text.text("reason");
    (void)text.check();
    return 0;
}
