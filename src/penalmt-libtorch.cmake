# The targets torch_cpu and c10, from the folder of a LibTorch 2.11 that LIBTORCH names (a -D option or an environment variable).
#
# LibTorch's own CMake package demands nvcc when it was built with CUDA; we need two of its libraries and its headers.
# The CUDA libraries are opened at run time (src/tensors/devices.cpp), so that one binary serves machines with and without a GPU.
if(NOT LIBTORCH)
  set(LIBTORCH "$ENV{LIBTORCH}")
endif()
if(NOT LIBTORCH)
  set(LIBTORCH "${PENALMT_BUILT_WITH}")  # of an installed package
endif()
if(NOT EXISTS "${LIBTORCH}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LIBTORCH='${LIBTORCH}': no lib/libtorch_cpu.so there; run recipes/setup.sh, or name a LibTorch 2.11")
endif()
add_library(torch_cpu SHARED IMPORTED)
set_target_properties(torch_cpu PROPERTIES IMPORTED_LOCATION "${LIBTORCH}/lib/libtorch_cpu.so")
target_include_directories(torch_cpu SYSTEM INTERFACE "${LIBTORCH}/include" "${LIBTORCH}/include/torch/csrc/api/include")
add_library(c10 SHARED IMPORTED)
set_target_properties(c10 PROPERTIES IMPORTED_LOCATION "${LIBTORCH}/lib/libc10.so")
target_link_libraries(torch_cpu INTERFACE c10)
# libtorch_cpu.so finds its own needs by its RUNPATH; the linker need not check them.
target_link_options(torch_cpu INTERFACE "LINKER:--allow-shlib-undefined")
