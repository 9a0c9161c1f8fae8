// The others on the chain of a simulated life: the requester, who asks for JOBs and sometimes cancels them, other
// nodes, and the verifier, who checks results and evidence.
#pragma once

#include "simulation/life_story.hpp"
#include "simulation/simulated_services.hpp"
#include "simulation/simulated_workers.hpp"

namespace emeth::simulation {

class OtherParties {
public:
    OtherParties(SimulatedChain& chain, const SimulatedStorage& storage, const SimulatedWorkers& workers,
                 const Weather& weather, Stories& stories, Violations& violations)
        : chain_(chain),
          storage_(storage),
          workers_(workers),
          weather_(weather),
          stories_(stories),
          violations_(violations) {}

    void act_as_requester(std::int64_t now_s, Dice& dice);
    void act_as_verifier();

private:
    [[nodiscard]] bool shows_what_was_drawn(const JobId& id) const;

    SimulatedChain& chain_;
    const SimulatedStorage& storage_;
    const SimulatedWorkers& workers_;
    const Weather& weather_;
    Stories& stories_;
    Violations& violations_;
};

}  // namespace emeth::simulation
