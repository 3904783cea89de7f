# Compiler flags of every target.

# The token path promises the same bits on every CPU: no contraction of a*b+c into one rounding, anywhere.
add_compile_options(-ffp-contract=off -Wall -Wextra -Werror -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # TRY in base/result.h is a statement expression.
  add_compile_options(-Wno-gnu-statement-expression -fcolor-diagnostics)
else()
  # g++ 12 reports false positives of these in inlined library code (its own AVX-512 intrinsics among it); clang has
  # the true ones.
  add_compile_options(-Wno-maybe-uninitialized -Wno-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds
    -Wno-dangling-pointer -Wno-stringop-overread -Wno-nonnull -Wno-free-nonheap-object -Wno-psabi)
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer")

if(DOMICILE_SANITIZE)
  add_compile_options(-fsanitize=${DOMICILE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DOMICILE_SANITIZE})
endif()
if(DOMICILE_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
# lld links in a fraction of the time of GNU ld.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_link_options(-fuse-ld=lld)
endif()
