# How every library, program and test of the tree is declared.

# One precompiled header for everything built on runtime/: parsing Asio, JSON and spdlog takes a third of a file's
# compile time. GCC accepts it only if the compiler flags agree, so tests, which are compiled at -O1, have their own.
function(emeth_precompiled name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES;OPTIONS;HEADERS" ${ARGN})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${name}.cpp CONTENT "// The owner of a precompiled header.\n")
  add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/${name}.cpp)
  target_link_libraries(${name} PRIVATE emeth_asio spdlog::spdlog emeth_warnings ${ARG_LIBRARIES})
  target_compile_options(${name} PRIVATE ${ARG_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.hpp ${ARG_HEADERS})
endfunction()

# ccache can cache what is compiled with a precompiled header only if the preprocessor output mentions that header.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)
endif()
emeth_precompiled(emeth_headers)
emeth_precompiled(emeth_test_headers LIBRARIES GTest::gmock OPTIONS -O1 HEADERS <gtest/gtest.h> <gmock/gmock.h>)

function(emeth_reuse_headers name default wanted)
  if(NOT wanted)
    set(wanted ${default})
  endif()
  if(NOT wanted STREQUAL "none")
    target_precompile_headers(${name} REUSE_FROM ${wanted})
  endif()
endfunction()

# emeth_library(NAME SOURCES a.cpp … PUBLIC lib … PRIVATE lib … [HEADERS target|none]): one folder, one library. HEADERS
# names the target whose precompiled header it uses; the default is emeth_headers.
function(emeth_library name)
  cmake_parse_arguments(ARG "" "HEADERS" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} emeth_warnings)
  emeth_reuse_headers(${name} emeth_headers "${ARG_HEADERS}")
  if(NOT CMAKE_CURRENT_SOURCE_DIR MATCHES "^${PROJECT_SOURCE_DIR}/tests/")  # two of those share a source
    set_property(GLOBAL APPEND PROPERTY EMETH_LIBRARIES ${name})
  endif()
endfunction()

# emeth_program(NAME SOURCES … LIBRARIES … [HEADERS …]): an executable in build/bin.
function(emeth_program name)
  cmake_parse_arguments(ARG "" "HEADERS" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} emeth_warnings)
  emeth_reuse_headers(${name} emeth_headers "${ARG_HEADERS}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# emeth_test(NAME LABEL unit|integration|demo SOURCES … LIBRARIES … [TIMEOUT seconds] [HEADERS …]): a
# GoogleTest program, one ctest entry.
function(emeth_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT;HEADERS" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(EMETH_SANITIZE)
    math(EXPR ARG_TIMEOUT "5 * ${ARG_TIMEOUT}")
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE
    ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main emeth_warnings)
  # GCC 12 takes copies of strings for copies out of bounds when their header comes precompiled.
  target_compile_options(${name} PRIVATE -O1 "$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow>")
  emeth_reuse_headers(${name} emeth_test_headers "${ARG_HEADERS}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "EMETH_SOURCE_DIR=${PROJECT_SOURCE_DIR};EMETH_BIN_DIR=${PROJECT_BINARY_DIR}/bin")
endfunction()
