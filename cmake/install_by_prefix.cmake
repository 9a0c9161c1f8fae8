# Run by `cmake --install`, with `source`, and `bin` and `programs` below the prefix.
set(root "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
file(RELATIVE_PATH program_from_bin "/${bin}" "/${programs}/emeth")
file(MAKE_DIRECTORY "${root}/${bin}")
file(CREATE_LINK "${program_from_bin}" "${root}/${bin}/emeth" SYMBOLIC)

set(settings "${CMAKE_INSTALL_PREFIX}/etc/emeth")
if(CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/?$")
  set(settings /etc/emeth)
endif()
# They are edited where they lie: those that are there stay.
foreach(name master worker verifier requester server)
  if(NOT EXISTS "$ENV{DESTDIR}${settings}/${name}.env")
    file(INSTALL "${source}/config/${name}.env" DESTINATION "${settings}")
  endif()
endforeach()

foreach(name emeth-master emeth-worker)
  file(READ "${source}/config/${name}.service" unit)
  string(REPLACE "/usr/local/bin/emeth" "${CMAKE_INSTALL_PREFIX}/${bin}/emeth" unit "${unit}")
  string(REPLACE "/etc/emeth" "${settings}" unit "${unit}")
  file(WRITE "${root}/lib/systemd/system/${name}.service" "${unit}")
endforeach()
