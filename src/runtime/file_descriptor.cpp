#include "runtime/file_descriptor.hpp"

#include <unistd.h>

namespace emeth {

void FileDescriptor::reset(int number) {
    const int old = std::exchange(number_, number);
    if (old >= 0) ::close(old);
}

}  // namespace emeth
