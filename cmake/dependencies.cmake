# Everything that comes from the system's packages, as targets.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(spdlog REQUIRED)
find_package(LibArchive REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
pkg_check_modules(secp256k1 REQUIRED IMPORTED_TARGET libsecp256k1)
pkg_check_modules(cryptopp REQUIRED IMPORTED_TARGET libcrypto++)
if(NOT EMETH_TRAINER_ONLY)
  find_package(RocksDB REQUIRED)
  find_package(Protobuf REQUIRED)
  find_package(pugixml REQUIRED)
  # Its flags would not fit the precompiled headers: only the libraries are taken.
  pkg_check_modules(NCURSES REQUIRED ncursesw)
endif()

add_library(emeth_warnings INTERFACE)
target_compile_options(emeth_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion)
# A compiler that nobody here has tried may warn of more; that must not keep anyone from building.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" OR CMAKE_CXX_COMPILER_VERSION MATCHES "^(12|14)\\.")
  target_compile_options(emeth_warnings INTERFACE -Werror)
endif()
# GCC 12 mistakes the frame allocator of Asio's coroutines for a mismatched delete once it is inlined.
target_compile_options(emeth_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
# GCC 14, and GCC 12 with a sanitizer's code in between, mistake moves of short strings for copies out of bounds, and
# freshly made optionals and variants for uninitialised ones.
if(EMETH_SANITIZE OR CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  target_compile_options(emeth_warnings INTERFACE
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-array-bounds;-Wno-stringop-overflow>")
endif()
# ThreadSanitizer does not follow fences, and GCC warns of each of Asio's. Asio's queues are under mutexes besides.
if(EMETH_SANITIZE STREQUAL "thread")
  target_compile_options(emeth_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endif()
target_compile_definitions(emeth_warnings INTERFACE EMETH_VERSION="${PROJECT_VERSION}")

# Asio and Beast are compiled once, in src/runtime/boost_sources.cpp.
add_library(emeth_asio INTERFACE)
target_compile_definitions(emeth_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(emeth_asio INTERFACE Boost::headers Boost::json Boost::url OpenSSL::SSL Threads::Threads)

if(EMETH_SANITIZE)
  set(EMETH_WITH_TORCH OFF)
  # Little optimisation and line numbers alone: the build takes a fraction of the time, and stacks say what they did.
  add_compile_options(-O1 -g1 -fsanitize=${EMETH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${EMETH_SANITIZE})
endif()

# Every library is instrumented, so that libFuzzer sees which of their branches an input takes. What the undefined-
# behaviour sanitizer finds ends the program: printed alone it would be no finding.
if(EMETH_LIBFUZZER)
  set(EMETH_WITH_TORCH OFF)
  add_compile_options(-O1 -gline-tables-only -fno-omit-frame-pointer
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

# mold links the test programs in a fraction of the time that GNU ld takes.
find_program(EMETH_MOLD mold)
if(EMETH_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
