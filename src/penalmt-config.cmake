# find_package(penalmt): penalmt::translation and penalmt::text.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(nlohmann_json 3.11)
find_dependency(fmt)
find_dependency(ICU COMPONENTS uc i18n)
find_dependency(ZLIB)
find_dependency(JPEG)
find_package(PNG QUIET)  # where the decoders use it
include("${CMAKE_CURRENT_LIST_DIR}/penalmt-built-with.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/penalmt-libtorch.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/penalmt-targets.cmake")
