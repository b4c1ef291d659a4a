# Every library that Hearthmail stands on. README.md has one line of reason for each.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
option(HEARTHMAIL_TESTS "Build the tests" ON)
option(HEARTHMAIL_BENCH "Build the benchmark, tests/bench" OFF)
# Sync points and faults for tests/crash; common/base/sync_point.hpp. Never in a program that keeps real mail.
option(HEARTHMAIL_CRASH_HOOKS "Let the crash tests kill the programs at named points" OFF)
set(HEARTHMAIL_SANITIZE "" CACHE STRING "Sanitizers for every target, e.g. address,undefined or thread")

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(GMIME REQUIRED IMPORTED_TARGET gmime-3.0)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(IDN REQUIRED IMPORTED_TARGET libidn)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(FMT REQUIRED IMPORTED_TARGET fmt)

# What every target of ours is compiled with.
add_library(hearthmail_flags INTERFACE)
target_include_directories(hearthmail_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(hearthmail_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror
  -Wno-restrict)  # g++ 12 reports it falsely for string + literal, GCC bug 105651
target_compile_definitions(hearthmail_flags INTERFACE HEARTHMAIL_VERSION="${PROJECT_VERSION}")
target_link_libraries(hearthmail_flags INTERFACE Threads::Threads)
if(HEARTHMAIL_CRASH_HOOKS)
  target_compile_definitions(hearthmail_flags INTERFACE HEARTHMAIL_CRASH_HOOKS)
endif()
if(HEARTHMAIL_SANITIZE)
  target_compile_options(hearthmail_flags INTERFACE -fsanitize=${HEARTHMAIL_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(hearthmail_flags INTERFACE -fsanitize=${HEARTHMAIL_SANITIZE})
  # g++ 12 reports false positives of these two under the sanitizers.
  target_compile_options(hearthmail_flags INTERFACE -Wno-maybe-uninitialized -Wno-stringop-overflow)
else()
  target_compile_options(hearthmail_flags INTERFACE -fstack-protector-strong -D_GLIBCXX_ASSERTIONS)
  target_compile_definitions(hearthmail_flags INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
  target_link_options(hearthmail_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
