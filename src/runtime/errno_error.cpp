#include "runtime/errno_error.hpp"

#include <cerrno>
#include <string_view>
#include <system_error>

namespace emeth {
namespace {

bool is_permanent(int number) {
    switch (number) {
        case ENOENT:
        case EACCES:
        case EPERM:
        case ENOTDIR:
        case EISDIR:
        case ELOOP:
        case ENAMETOOLONG:
        case EROFS:
        case EEXIST:
        case EINVAL:
        case ENOEXEC:
        case E2BIG:
            return true;
        default:
            return false;
    }
}

std::string_view remedy(int number) {
    switch (number) {
        case ENOSPC:
        case EDQUOT:
            return "; free some space";
        case EACCES:
        case EPERM:
            return "; check its owner and mode";
        case ELOOP:
            return "; symbolic links are not followed here";
        case EROFS:
            return "; choose a folder that can be written";
        case EMFILE:
        case ENFILE:
            return "; raise the limit of open files (ulimit -n)";
        default:
            return "";
    }
}

}  // namespace

Error errno_error(std::string what, int number) {
    what += ": " + std::generic_category().message(number);
    what += remedy(number);
    return {is_permanent(number) ? ErrorKind::permanent : ErrorKind::transient, std::move(what)};
}

}  // namespace emeth
