set(NETWORK_MORE_SOURCES
  devnet/anvil.cpp
  devnet/deployment.cpp
  devnet/devnet.cpp
  devnet/free_port.cpp
  requester/requester.cpp
  requester/requester_bot.cpp
  verifier/job_check.cpp
  verifier/verifier.cpp)
set(NETWORK_MORE_LIBRARIES emeth_trainer_protocol emeth_contract_code emeth_storage)
