# The standard headers that nearly every file reads, parsed once. For the presets that only check: the release, which is
# what ships, and tools/check-headers see each file with what it names itself. Not with g++ 12, which forgets that the
# precompiled headers are the system's and warns of what is in them.
option(DOMICILE_PRECOMPILED "parse common standard headers once" OFF)
if(DOMICILE_PRECOMPILED)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "")
  add_library(precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_precompile_headers(precompiled PRIVATE <algorithm> <array> <atomic> <chrono> <cstdint> <expected> <functional>
    <map> <memory> <optional> <span> <string> <string_view> <thread> <variant> <vector>)
endif()
function(domicile_precompiled target)
  if(DOMICILE_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM precompiled)
  endif()
endfunction()

# domicile_folder(NAME SOURCES a.cc... [DEPS folder...] [LIBS library...])
#   One static library per folder of src/. DEPS are other folders, as docs/architecture.md allows them
#   (tools/check-includes holds the same table against the #include lines); LIBS are third-party targets.
function(domicile_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_LIBS})
  domicile_precompiled(${name})
endfunction()

# domicile_tests(NAME SOURCES a_test.cc... [DEPS folder...] [LIBS library...])
#   The tests of a folder in one program, build/PRESET/bin/NAME_tests.
function(domicile_tests name)
  if(NOT DOMICILE_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name}_tests ${ARG_SOURCES})
  target_include_directories(${name}_tests PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${name}_tests PRIVATE DOMICILE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name}_tests PRIVATE ${ARG_DEPS} ${ARG_LIBS} GTest::gtest_main)
  domicile_precompiled(${name}_tests)
  add_test(NAME ${name}_tests COMMAND ${name}_tests)
endfunction()

# domicile_fuzzer(NAME SOURCES a_fuzzer.cc [DEPS folder...])
#   A libFuzzer program, build/PRESET/bin/NAME_fuzzer; its seeds lie in tests/fuzz/NAME/.
function(domicile_fuzzer name)
  if(NOT DOMICILE_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name}_fuzzer ${ARG_SOURCES})
  target_include_directories(${name}_fuzzer PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name}_fuzzer PRIVATE ${ARG_DEPS} ${ARG_LIBS})
  target_link_options(${name}_fuzzer PRIVATE -fsanitize=fuzzer)
endfunction()
