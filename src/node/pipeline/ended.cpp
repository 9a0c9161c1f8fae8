// The ends: nothing durable is left to do.
#include "node/pipeline/pipeline.hpp"

namespace emeth::node {

void Pipeline::clean_up() {
    ports_.progress.erase(id());
    release_worker(true, std::string(statemachine::name(job().state)));
}

}  // namespace emeth::node
