#include "runtime/subject_log.hpp"

#include "statemachine/text.hpp"

namespace emeth {

namespace {

LogSubject& own_subject() {
    static LogSubject only;
    return only;
}

thread_local std::optional<LogSubject> current;

}  // namespace

const LogSubject& log_subject() {
    return current ? *current : own_subject();
}

std::string log_prefix() {
    const LogSubject& subject = log_subject();
    std::string prefix;
    if (subject.job) prefix += "job=" + statemachine::short_hex(*subject.job) + " ";
    if (subject.worker) prefix += "worker=" + statemachine::short_hex(*subject.worker) + " ";
    if (!prefix.empty()) prefix.replace(prefix.size() - 1, 1, ": ");
    return prefix;
}

void set_own_worker(std::optional<Address> worker) {
    own_subject().worker = worker;
}

SubjectLog::Scope::Scope(const LogSubject& subject) {
    current = subject;
    if (!current->worker) current->worker = own_subject().worker;
}

SubjectLog::Scope::~Scope() {
    current.reset();
}

}  // namespace emeth
