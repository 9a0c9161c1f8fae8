// The manual page emeth(1), made from the commands themselves, so that it cannot differ from them.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace emeth::cli {

/// Source for man(7), in UTF-8.
std::string manual_page(const CLI::App& program);

}  // namespace emeth::cli
