# The workers of the master (worker_server.hpp); included by CMakeLists.txt of this folder.
set(NODE_WORKER_SERVER_SOURCES
  whitelist.cpp
  worker_admin_api.cpp
  worker_inbox.cpp
  worker_reservations.cpp
  worker_server.cpp
  worker_session.cpp)
