// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/chunk_supply.h"

#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "heapwire/base/error.h"
#include "heapwire/base/log.h"

namespace heapwire::recv
{
namespace
{

class ring_supply final : public chunk_supply
{
public:
    ring_supply(std::shared_ptr<chunk_ring> data, std::shared_ptr<chunk_ring> free, chunk_hook hook)
        : data_(std::move(data)), free_(std::move(free)), hook_(std::move(hook))
    {
    }

    supplied obtain(std::int64_t, std::unique_ptr<chunk> &out, std::span<std::uint64_t>) noexcept override
    {
        {
            const std::lock_guard lock(kept_);
            if (!spare_.empty())
            {
                out = std::move(spare_.back());
                spare_.pop_back();
                return supplied::ok;
            }
        }
        switch (free_->try_pop(out))
        {
        case pop_result::ok:
            return supplied::ok;
        case pop_result::ended:
            return supplied::none;
        case pop_result::empty:
        case pop_result::timeout:
            break;
        }
        return supplied::wait;
    }

    supplied ready(std::unique_ptr<chunk> &filled, std::span<std::uint64_t> batch_stats) noexcept override
    {
        if (data_->stopped())
            return bury(filled);
        if (hook_ && filled.get() != hooked_)
        {
            hooked_ = filled.get(); // once, though it may be offered again
            call(*filled, batch_stats);
        }
        const push_result pushed = data_->try_push(filled);
        if (pushed == push_result::full)
            return supplied::wait;
        hooked_ = nullptr;
        return pushed == push_result::ok ? supplied::ok : bury(filled);
    }

    /// Not to the free ring, whose hooks must not be called inside a stream's lock. It is taken first the next time.
    void discard(std::unique_ptr<chunk> &unused) noexcept override { keep(spare_, unused); }

    bool call_on_space(space_hook &hook, lack what) override
    {
        return what == lack::chunk ? free_->call_on_data(hook) : data_->call_on_space(hook);
    }
    void cancel(space_hook &hook) noexcept override
    {
        free_->cancel(hook);
        data_->cancel(hook);
    }

    void add_producer() noexcept override { data_->add_producer(); }
    void remove_producer() noexcept override
    {
        give_back_spares();
        data_->remove_producer();
    }
    void stop() noexcept override
    {
        data_->stop();
        free_->stop();
    }
    void drop_leftovers() noexcept override
    {
        std::vector<std::unique_ptr<chunk>> dropped, unused;
        {
            const std::lock_guard lock(kept_);
            dropped.swap(graveyard_);
            unused.swap(spare_);
        }
        if (!dropped.empty())
            HEAPWIRE_LOG(info, "recv", dropped.size(), " chunks were dropped because the stream was stopped");
    }

private:
    void call(chunk &filled, std::span<std::uint64_t> batch_stats) noexcept
    {
        try
        {
            hook_(filled, batch_stats);
        }
        catch (const std::exception &e)
        {
            HEAPWIRE_LOG(warning, "recv", "the hook of a chunk stream threw an exception: ", e.what());
        }
        catch (...)
        {
            HEAPWIRE_LOG(warning, "recv", "the hook of a chunk stream threw something that is no std::exception");
        }
    }
    supplied bury(std::unique_ptr<chunk> &lost) noexcept
    {
        hooked_ = nullptr;
        keep(graveyard_, lost);
        return supplied::none;
    }
    /// What cannot even be noted for lack of memory is leaked: better than a chunk destroyed on the wrong thread.
    void keep(std::vector<std::unique_ptr<chunk>> &where, std::unique_ptr<chunk> &what) noexcept
    {
        const std::lock_guard lock(kept_);
        try
        {
            where.reserve(where.size() + 1);
            where.push_back(std::move(what));
        }
        catch (const std::bad_alloc &)
        {
            static_cast<void>(what.release());
        }
    }
    void give_back_spares() noexcept
    {
        std::vector<std::unique_ptr<chunk>> back;
        {
            const std::lock_guard lock(kept_);
            back.swap(spare_);
        }
        for (std::unique_ptr<chunk> &c : back)
            if (free_->try_push(c) != push_result::ok)
                keep(graveyard_, c);
    }

    const std::shared_ptr<chunk_ring> data_;
    const std::shared_ptr<chunk_ring> free_;
    const chunk_hook hook_;
    const chunk *hooked_ = nullptr; // under the lock of the stream or group
    std::mutex kept_;
    std::vector<std::unique_ptr<chunk>> graveyard_;
    std::vector<std::unique_ptr<chunk>> spare_;
};

class callback_supply final : public chunk_supply
{
public:
    explicit callback_supply(chunk_callbacks callbacks) : callbacks_(std::move(callbacks)) {}

    supplied obtain(std::int64_t id, std::unique_ptr<chunk> &out,
                    std::span<std::uint64_t> batch_stats) noexcept override
    {
        guarded([&] { out = callbacks_.allocate(id, batch_stats); });
        return out ? supplied::ok : supplied::none;
    }
    supplied ready(std::unique_ptr<chunk> &filled, std::span<std::uint64_t> batch_stats) noexcept override
    {
        guarded([&] { callbacks_.ready(std::move(filled), batch_stats); });
        return supplied::ok;
    }
    void discard(std::unique_ptr<chunk> &unused) noexcept override { unused.reset(); }
    bool call_on_space(space_hook &, lack) override { return false; }
    void cancel(space_hook &) noexcept override {}
    void add_producer() noexcept override {}
    void remove_producer() noexcept override {}
    void stop() noexcept override {}
    void drop_leftovers() noexcept override {}

private:
    template <typename Step>
    void guarded(const Step &step) noexcept
    {
        try
        {
            step();
        }
        catch (const std::exception &e)
        {
            HEAPWIRE_LOG(warning, "recv", "a callback of a chunk stream threw an exception: ", e.what());
        }
        catch (...)
        {
            HEAPWIRE_LOG(warning, "recv", "a callback of a chunk stream threw something that is no std::exception");
        }
    }

    chunk_callbacks callbacks_;
};

} // namespace

std::shared_ptr<chunk_supply> make_ring_supply(std::shared_ptr<chunk_ring> data, std::shared_ptr<chunk_ring> free,
                                               chunk_hook hook)
{
    if (!data || !free)
        throw_bad_argument(data ? "free" : "data", std::string("null"), "a ring");
    if (data == free)
        throw_bad_argument("free", std::string("the data ring"), "another ring than the one for data");
    return std::make_shared<ring_supply>(std::move(data), std::move(free), std::move(hook));
}

std::shared_ptr<chunk_supply> make_callback_supply(chunk_callbacks callbacks)
{
    if (!callbacks.allocate || !callbacks.ready)
        throw_bad_argument(callbacks.allocate ? "ready" : "allocate", std::string("empty"), "a function");
    return std::make_shared<callback_supply>(std::move(callbacks));
}

} // namespace heapwire::recv
