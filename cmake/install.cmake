# What `cmake --install` puts where, and the Debian package that `./emeth package` makes of it.
include(GNUInstallDirs)

# A program finds the others beside itself: they lie together, and the one that users call is linked into bin.
set(EMETH_PROGRAM_DIR ${CMAKE_INSTALL_LIBEXECDIR}/emeth)
install(TARGETS emeth DESTINATION ${EMETH_PROGRAM_DIR})
if(EMETH_WITH_TORCH)
  install(TARGETS emeth-trainer emeth-sentencepiece DESTINATION ${EMETH_PROGRAM_DIR})
  # Where the system's SentencePiece is not the network's, the right one comes along.
  if(EMETH_SENTENCEPIECE_ROOT)
    foreach(library ${EMETH_SENTENCEPIECE} ${EMETH_SENTENCEPIECE_TRAIN})
      file(REAL_PATH ${library} file)
      get_filename_component(name ${library} NAME)
      install(PROGRAMS ${file} DESTINATION ${EMETH_PROGRAM_DIR} RENAME ${name}.0)
    endforeach()
    set_target_properties(emeth-sentencepiece PROPERTIES INSTALL_RPATH "$ORIGIN")
  endif()
  # A libtorch of EMETH_TORCH is found where it was.
  set_target_properties(emeth-trainer PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
endif()
# Only an installation knows its prefix: the link, the units and the place of the settings follow it.
install(CODE "
  set(source \"${PROJECT_SOURCE_DIR}\")
  set(bin \"${CMAKE_INSTALL_BINDIR}\")
  set(programs \"${EMETH_PROGRAM_DIR}\")")
install(SCRIPT ${PROJECT_SOURCE_DIR}/cmake/install_by_prefix.cmake)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING PATTERN "*.md")

# The manual page and the completions are made from the program's commands.
set(reference ${PROJECT_BINARY_DIR}/install/reference)
set(reference_files)
set(kinds man bash zsh fish)
set(names emeth.1 emeth _emeth emeth.fish)
foreach(kind name IN ZIP_LISTS kinds names)
  add_custom_command(OUTPUT ${reference}/${name}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${reference}
    COMMAND emeth-reference ${kind} > ${reference}/${name}
    DEPENDS emeth-reference VERBATIM)
  list(APPEND reference_files ${reference}/${name})
endforeach()
add_custom_target(reference ALL DEPENDS ${reference_files})
install(FILES ${reference}/emeth.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${reference}/emeth DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${reference}/_emeth DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${reference}/emeth.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
add_custom_target(installed DEPENDS programs reference)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "the emeth developers <emeth@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "node of the Emeth network, and the network itself")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "The Emeth network trades the training of language models: a node takes JOBs with a
deposit on chain, has its workers train them, and is paid once a verifier has
checked them. This is the node, its worker, and each server of the network. A
JOB survives any crash.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
# The launcher adds the libraries' packages: cpack's own search for them fails at a library that comes along.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, libopenblas0-openmp")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/config/debian/postinst ${PROJECT_SOURCE_DIR}/config/debian/prerm
  ${PROJECT_SOURCE_DIR}/config/debian/postrm ${PROJECT_SOURCE_DIR}/config/debian/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
