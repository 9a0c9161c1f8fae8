# emeth_torch: libtorch, from 1.13 on. Its libraries are named here rather than by find_package(Torch), whose imported
# targets are not seen outside the folder that finds them, and which links a dozen more (protobuf, gflags, glog) that
# nothing here calls.
set(EMETH_TORCH "" CACHE PATH "a libtorch: a folder with include/ and lib/, also that of Python's torch; else the system's")

# What was found under another folder does not count.
if(NOT EMETH_TORCH STREQUAL "${EMETH_TORCH_SEARCHED}")
  unset(EMETH_TORCH_INCLUDE CACHE)
  unset(EMETH_TORCH_CPU CACHE)
  unset(EMETH_C10 CACHE)
  unset(EMETH_CUDA_INCLUDE CACHE)
  unset(EMETH_CUDART CACHE)
endif()
set(EMETH_TORCH_SEARCHED "${EMETH_TORCH}" CACHE INTERNAL "where libtorch was looked for last")
set(only_there)
if(EMETH_TORCH)
  set(only_there NO_DEFAULT_PATH
    PATHS ${EMETH_TORCH}/include ${EMETH_TORCH}/lib ${EMETH_TORCH}/lib/${CMAKE_LIBRARY_ARCHITECTURE})
endif()
find_path(EMETH_TORCH_INCLUDE ATen/ATen.h ${only_there})
find_library(EMETH_TORCH_CPU torch_cpu ${only_there})
find_library(EMETH_C10 c10 ${only_there})
if(NOT EMETH_TORCH_INCLUDE OR NOT EMETH_TORCH_CPU OR NOT EMETH_C10)
  set(place "the system (Debian's package is libtorch-dev)")
  if(EMETH_TORCH)
    set(place "EMETH_TORCH=${EMETH_TORCH}, which needs include/ATen/ATen.h, lib/libtorch_cpu.so and lib/libc10.so")
  endif()
  message(FATAL_ERROR "there is no libtorch in ${place}")
endif()

file(STRINGS ${EMETH_TORCH_INCLUDE}/torch/csrc/api/include/torch/version.h numbers
  REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
string(REGEX REPLACE "[^0-9;]" "" numbers "${numbers}")
list(JOIN numbers "." EMETH_TORCH_VERSION)
if(EMETH_TORCH_VERSION VERSION_LESS 1.13)
  message(FATAL_ERROR "libtorch ${EMETH_TORCH_VERSION} at ${EMETH_TORCH_INCLUDE} is too old; emeth needs 1.13 or later")
endif()
# Python's wheels up to 2.6 were built with the C++ ABI of before GCC 5, which does not fit ours.
file(STRINGS ${EMETH_C10} new_abi_symbols LIMIT_COUNT 1 REGEX "__cxx11")
if(NOT new_abi_symbols)
  message(FATAL_ERROR "libtorch ${EMETH_TORCH_VERSION} at ${EMETH_C10} was built with the C++ ABI of before GCC 5 "
    "(_GLIBCXX_USE_CXX11_ABI=0); take one with the cxx11 ABI")
endif()
# CUDA: also the headers and the runtime library, of the version that libtorch was built with.
get_filename_component(torch_libraries ${EMETH_TORCH_CPU} DIRECTORY)
set(EMETH_TORCH_CUDA_LIBRARIES)
set(kind "for CPUs")
if(EXISTS ${torch_libraries}/libtorch_cuda.so AND EXISTS ${torch_libraries}/libc10_cuda.so)
  set(kind "with CUDA")
  file(GLOB wheels_of_nvidia ${torch_libraries}/../../nvidia/* ${torch_libraries}/../../nvidia/*/*)
  set(cuda_places ${EMETH_TORCH_INCLUDE} ${EMETH_TORCH} ENV CUDA_HOME ENV CUDA_PATH /usr/local/cuda ${wheels_of_nvidia})
  file(STRINGS ${torch_libraries}/libtorch_cuda.so needed_cudart LIMIT_COUNT 1 REGEX "^libcudart[-.a-z0-9]*\\.so\\.[0-9]+")
  string(REGEX MATCH "libcudart[-.a-z0-9]*\\.so\\.[0-9]+" needed_cudart "${needed_cudart}")
  find_path(EMETH_CUDA_INCLUDE cuda_runtime_api.h HINTS ${cuda_places} PATH_SUFFIXES include)
  find_library(EMETH_CUDART NAMES ${needed_cudart} cudart HINTS ${torch_libraries} ${cuda_places} PATH_SUFFIXES lib64 lib)
  if(NOT EMETH_CUDA_INCLUDE OR NOT EMETH_CUDART)
    message(FATAL_ERROR "libtorch ${EMETH_TORCH_VERSION} at ${EMETH_TORCH_CPU} has CUDA, but there is no "
      "cuda_runtime_api.h with libcudart.so: install CUDA's toolkit (Debian's package is nvidia-cuda-dev), or set CUDA_HOME")
  endif()
  file(STRINGS ${EMETH_CUDART} found_cudart LIMIT_COUNT 1 REGEX "^libcudart[-.a-z0-9]*\\.so\\.[0-9]+$")
  if(needed_cudart AND found_cudart AND NOT needed_cudart STREQUAL found_cudart)
    message(FATAL_ERROR "libtorch ${EMETH_TORCH_VERSION} at ${EMETH_TORCH_CPU} was built for ${needed_cudart}, but "
      "${EMETH_CUDART} is ${found_cudart}: install CUDA's toolkit of that version, or set CUDA_HOME to it")
  endif()
  set(EMETH_TORCH_CUDA_LIBRARIES ${torch_libraries}/libtorch_cuda.so ${torch_libraries}/libc10_cuda.so ${EMETH_CUDART})
endif()
# Gloo, with which workers train together: headers that fit what libtorch holds. Debian's libtorch uses Debian's Gloo;
# one that has it built in must bring the headers.
set(EMETH_TORCH_GLOO OFF)
set(cooperation "no cooperation of workers, since its Gloo has no headers")
file(STRINGS ${EMETH_TORCH_CPU} needed_gloo LIMIT_COUNT 1 REGEX "^libgloo[-_a-z]*\\.so")
if(EXISTS ${EMETH_TORCH_INCLUDE}/gloo/context.h OR (needed_gloo AND EXISTS /usr/include/gloo/context.h))
  set(EMETH_TORCH_GLOO ON)
  set(cooperation "cooperation of workers")
endif()
message(STATUS
  "libtorch ${EMETH_TORCH_VERSION} ${kind}, cxx11 ABI, ${cooperation}: ${EMETH_TORCH_CPU}")

find_library(EMETH_ONEDNN dnnl REQUIRED)
find_package(OpenMP REQUIRED)

add_library(emeth_torch INTERFACE)
target_include_directories(emeth_torch SYSTEM INTERFACE ${EMETH_TORCH_INCLUDE})
target_link_libraries(emeth_torch INTERFACE ${EMETH_TORCH_CPU} ${EMETH_C10} OpenMP::OpenMP_CXX)
if(EMETH_TORCH_CUDA_LIBRARIES)
  target_include_directories(emeth_torch SYSTEM INTERFACE ${EMETH_CUDA_INCLUDE})
  # Also what nothing calls by name: it registers itself when it is loaded.
  target_link_libraries(emeth_torch INTERFACE -Wl,--no-as-needed ${EMETH_TORCH_CUDA_LIBRARIES} -Wl,--as-needed)
endif()
emeth_precompiled(emeth_torch_headers LIBRARIES emeth_torch HEADERS <ATen/ATen.h>)
