#include "runtime/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <cstring>
#include <string>

#include "runtime/file_descriptor.hpp"
#include "support/temporary_folder.hpp"
#include "unit/runtime/run_task.hpp"
#include "unit/runtime/stepped_clock.hpp"

namespace emeth {
namespace {

using namespace std::chrono_literals;

/// Listens as systemd does.
class ServiceManagerTest : public testing::Test {
protected:
    ServiceManagerTest() {
        const std::string path = folder / "notify";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~ServiceManagerTest() override {
        ::unsetenv("NOTIFY_SOCKET");
        ::unsetenv("WATCHDOG_USEC");
    }

    std::string heard() {
        std::array<char, 64> text{};
        const auto bytes = ::recv(socket.get(), text.data(), text.size(), MSG_DONTWAIT);
        return bytes < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(bytes));
    }

    test::TemporaryFolder folder;
    FileDescriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    asio::io_context io;
    test::SteppedClock clock;
};

TEST_F(ServiceManagerTest, HearsOfReadinessAndOfEachSignOfLife) {
    ::setenv("WATCHDOG_USEC", "2000000", 1);
    test::Started<void> informing(io, keep_service_manager_informed(clock));
    test::settle(io);
    EXPECT_EQ(heard(), "READY=1");
    EXPECT_EQ(heard(), "WATCHDOG=1");
    EXPECT_EQ(heard(), "");
    clock.advance(999ms);
    test::settle(io);
    EXPECT_EQ(heard(), "");
    clock.advance(1ms);
    test::settle(io);
    EXPECT_EQ(heard(), "WATCHDOG=1");
    informing.cancel();
    test::settle(io);
}

TEST_F(ServiceManagerTest, WithoutAWatchdogOnlyReadinessIsTold) {
    test::run_task(io, keep_service_manager_informed(clock));
    EXPECT_EQ(heard(), "READY=1");
    EXPECT_EQ(heard(), "");
}

TEST_F(ServiceManagerTest, NobodyIsTheNormalCase) {
    ::unsetenv("NOTIFY_SOCKET");
    EXPECT_FALSE(notify_service_manager("READY=1"));
    ::setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
    EXPECT_FALSE(notify_service_manager("READY=1"));
}

}  // namespace
}  // namespace emeth
