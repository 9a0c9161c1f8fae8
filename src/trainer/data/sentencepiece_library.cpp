#include "trainer/data/sentencepiece_library.hpp"

#include <dlfcn.h>

#include <filesystem>

#include "runtime/child_process.hpp"

namespace emeth::trainer {
namespace {

Result<SentencePieceLibrary*> open_module() {
    const std::filesystem::path path = own_program_path().parent_path() / sentencepiece_module_name;
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (module == nullptr) return permanent_error(std::string("cannot load the tokenizer's module: ") + ::dlerror());
    using Entry = SentencePieceLibrary* (*)();
    const auto entry = reinterpret_cast<Entry>(::dlsym(module, sentencepiece_module_entry));
    if (entry == nullptr) return permanent_error(path.string() + " is not the SentencePiece module of emeth");
    return entry();
}

}  // namespace

Result<SentencePieceLibrary*> sentencepiece_library() {
    static const Result<SentencePieceLibrary*> library = open_module();
    return library;
}

}  // namespace emeth::trainer
