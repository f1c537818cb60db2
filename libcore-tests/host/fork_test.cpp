// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/fork.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "heapwire/base/error.h"
#include "heapwire/host/stop_registry.h"
#include "host/fake_host.h"

namespace heapwire::host
{
namespace
{

/// Runs `child` in a forked process and answers its exit code; the process has one thread at this point.
template <typename Child>
int in_child(Child &&child)
{
    pid_t pid = ::fork();
    if (pid == 0)
        ::_exit(child());
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Fork, WhatIsBornHereIsNoOrphan)
{
    birth b;
    EXPECT_FALSE(b.orphaned());
    EXPECT_NO_THROW(b.require_alive("stream"));
    EXPECT_FALSE(noticed_unannounced_fork());
}

TEST(Fork, InTheChildTheParentsObjectsAreOrphansAndRaise)
{
    birth parents;
    EXPECT_EQ(in_child(
                  [&]
                  {
                      after_fork_in_child();
                      birth own;
                      if (!parents.orphaned() || own.orphaned() || noticed_unannounced_fork())
                          return 1;
                      try
                      {
                          parents.require_alive("stream");
                      }
                      catch (const std::system_error &e)
                      {
                          return e.code() == make_error_code(errc::orphaned) ? 0 : 2;
                      }
                      return 3;
                  }),
              0);
    EXPECT_FALSE(parents.orphaned()) << "the parent goes on";
}

TEST(Fork, AForkThatNobodyAnnouncedIsNoticedOnASlowPath)
{
    birth parents;
    EXPECT_EQ(in_child(
                  [&]
                  {
                      if (parents.orphaned() || !noticed_unannounced_fork())
                          return 1;
                      return parents.orphaned() && !noticed_unannounced_fork() ? 0 : 2;
                  }),
              0);
}

TEST(Fork, TheRegistrationOfAnOrphanTouchesNothing)
{
    struct mine : stoppable
    {
        void request_stop() noexcept override {}
        bool join(steady_time) override { return true; }
    };
    stop_registry registry;
    auto object = std::make_shared<mine>();
    auto r = registry.add(stop_kind::user, object);
    EXPECT_EQ(in_child(
                  [&]
                  {
                      after_fork_in_child();
                      registry.abandon_all();
                      auto own = registry.add(stop_kind::user, object);
                      {
                          auto dies_here = std::move(r);
                      }
                      return registry.size() == 1 && registry.stop_all(test::patience()).stopped == 1 ? 0 : 1;
                  }),
              0);
    EXPECT_EQ(registry.size(), 1U);
}

} // namespace
} // namespace heapwire::host
