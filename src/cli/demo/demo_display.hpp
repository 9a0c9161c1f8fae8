// The demo on the screen: one line a JOB, redrawn in place on a terminal, plain lines otherwise; and the table at the
// end. Io thread only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/live_display.hpp"
#include "runtime/clock.hpp"
#include "statemachine/job.hpp"

namespace emeth::cli {

class DemoDisplay {
public:
    /// A line of the story: "killed the master with SIGKILL".
    void say(const std::string& line) { display_.say(line); }
    /// The JOBs now. Off a terminal a JOB's line is printed when its state changes, and otherwise every 5 s.
    void show(const std::vector<statemachine::Job>& jobs);
    void table(const std::vector<statemachine::Job>& jobs);

private:
    harness::LiveDisplay display_;
    std::map<JobId, statemachine::State> last_state_;
    Milliseconds last_print_{0};
};

}  // namespace emeth::cli
