#include "harness/english_text.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "runtime/child_process.hpp"
#include "runtime/durable_file.hpp"

namespace emeth::harness {

namespace {

constexpr std::uint64_t book_bytes_max = 16 << 20;

/// `size` bytes from `begin` on, going on from the book's beginning after its end.
std::string excerpt(std::string_view book, std::uint64_t begin, std::uint64_t size) {
    std::string text(book.substr(begin, size));
    while (text.size() < size) text += book.substr(0, size - text.size());
    return text;
}

}  // namespace

Task<Result<std::string>> read_book(std::filesystem::path folder) {
    const auto book = folder / "bible-kjv.txt";
    ChildOptions options;
    options.program = "bible";
    options.arguments = {"gen1:1-rev22:21"};
    options.output = book;
    auto child = ChildProcess::start(co_await asio::this_coro::executor, options);
    if (child.has_error())
        co_return permanent_error("the text comes from the program 'bible' (Debian package bible-kjv): " +
                                  child.error().message);
    const ChildEnd end = co_await child->wait();
    if (end.signal != 0 || end.exit_code != 0)
        co_return permanent_error("'bible gen1:1-rev22:21' ended by " + end.describe());
    co_return read_file(book, book_bytes_max);
}

Task<Result<std::vector<std::filesystem::path>>> write_texts(std::filesystem::path folder,
                                                             std::vector<std::uint64_t> sizes_bytes) {
    auto book = co_await read_book(folder);
    if (book.has_error()) co_return book.error();
    const std::string_view text = *book;
    std::vector<std::filesystem::path> files;
    for (const auto size : sizes_bytes) {
        // Spread the beginnings over the book, so that no JOB's text is a prefix of another's.
        const auto begin = size < text.size() ? (text.size() - size) * files.size() / sizes_bytes.size() : 0;
        auto file = folder / fmt::format("job-{}.txt", files.size() + 1);
        if (auto written = write_file_durably(file, excerpt(text, begin, size)); written.has_error())
            co_return written.error();
        files.push_back(std::move(file));
    }
    co_return files;
}

}  // namespace emeth::harness
