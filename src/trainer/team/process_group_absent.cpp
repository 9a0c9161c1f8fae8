// process_group.hpp for a libtorch whose Gloo cannot be called: workers train alone.
#include "trainer/team/process_group.hpp"

namespace emeth::trainer {
namespace {

Error absent() {
    return transient_error(
        "the workers cannot train together: this build's libtorch came without the headers of Gloo "
        "(docs/OPERATIONS.md)");
}

}  // namespace

struct ProcessGroup::Impl {};

ProcessGroup::ProcessGroup(std::unique_ptr<Impl> impl, Place place, Milliseconds timeout)
    : impl_(std::move(impl)), place_(place), timeout_(timeout) {}
ProcessGroup::~ProcessGroup() = default;

bool ProcessGroup::is_available() {
    return false;
}

Result<std::unique_ptr<ProcessGroup>> ProcessGroup::form(MeetingPlace&, std::string, Place, const std::string&,
                                                         Milliseconds) {
    return absent();
}

Result<void> ProcessGroup::broadcast(at::Tensor) {
    return absent();
}

Result<void> ProcessGroup::all_reduce(at::Tensor) {
    return absent();
}

Result<std::unique_ptr<ProcessGroup::Sum>> ProcessGroup::begin_sum(at::Tensor, Precision) {
    return absent();
}

}  // namespace emeth::trainer
