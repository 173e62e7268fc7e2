# Helpers that keep a folder's CMakeLists at a few lines.

set(WEFT_WARNINGS -Wall -Wextra -Werror -Wno-unused-parameter -fno-strict-aliasing -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # libstdc++ 12's own std::stable_sort calls what it declares deprecated.
  list(APPEND WEFT_WARNINGS -Wno-deprecated-declarations)
endif()

# weft_library(NAME SOURCES... [MLIR] [DEPENDS libs...])
# A static library of our own code. MLIR: uses MLIR headers (and the shared
# precompiled header).
function(weft_library name)
  cmake_parse_arguments(A "MLIR" "" "DEPENDS;TABLEGEN" ${ARGN})
  add_library(${name} STATIC ${A_UNPARSED_ARGUMENTS})
  weft_configure(${name} ${A_MLIR})
  target_link_libraries(${name} PUBLIC ${A_DEPENDS})
  if(A_TABLEGEN)
    add_dependencies(${name} ${A_TABLEGEN})
  endif()
endfunction()

# weft_tool(NAME SOURCES... [MLIR] [DEPENDS libs...])
function(weft_tool name)
  cmake_parse_arguments(A "MLIR" "" "DEPENDS;TABLEGEN" ${ARGN})
  add_executable(${name} ${A_UNPARSED_ARGUMENTS})
  weft_configure(${name} ${A_MLIR})
  target_link_libraries(${name} PRIVATE ${A_DEPENDS})
  if(A_MLIR)
    target_link_libraries(${name} PRIVATE MLIR LLVM)
  else()
    target_link_libraries(${name} PRIVATE LLVM)
  endif()
  if(A_TABLEGEN)
    add_dependencies(${name} ${A_TABLEGEN})
  endif()
endfunction()

function(weft_configure name uses_mlir)
  target_compile_options(${name} PRIVATE ${WEFT_WARNINGS})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/include ${CMAKE_BINARY_DIR}/include)
  target_include_directories(${name} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS})
  if(uses_mlir)
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/dialects ${CMAKE_BINARY_DIR}/dialects)
    target_include_directories(${name} SYSTEM PUBLIC ${MLIR_INCLUDE_DIRS})
    if(TARGET weft_pch AND NOT ${name} STREQUAL weft_pch)
      target_precompile_headers(${name} REUSE_FROM weft_pch)
      add_dependencies(${name} weft_pch)
    endif()
  endif()
endfunction()

# Executables would be compiled with -fPIE, which the shared precompiled header
# (-fPIC, for the libraries) does not accept.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE ${CMAKE_CXX_COMPILE_OPTIONS_PIC})

# weft_embed(OUT FOLDER NAMES...): the texts FOLDER/NAME.yaml as a list of
# {"NAME", text} in the file OUT of the build folder, to travel inside a library.
function(weft_embed out folder)
  set(entries "")
  foreach(name ${ARGN})
    set(file ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${name}.yaml)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} text)
    string(APPEND entries "{\"${name}\", R\"yaml(${text})yaml\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${out} CONTENT "@entries@" @ONLY)
endfunction()
