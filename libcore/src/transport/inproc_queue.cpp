// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "heapwire/base/error.h"
#include "heapwire/base/log.h"
#include "inproc_state.h"

namespace heapwire::transport
{

namespace
{

constexpr std::size_t most_spare_blocks = 4;

} // namespace

inproc_queue::impl::impl(std::size_t max_bytes, const weather *how) : max_bytes_(max_bytes)
{
    if (how)
    {
        how->validate();
        if (!how->is_calm())
            storm_.emplace(*how, report_);
    }
    spare_.reserve(most_spare_blocks); // release() must not allocate
}

inproc_queue::impl::put inproc_queue::impl::append(std::span<const bytes_view> parts, std::size_t size)
{
    if (stopped_)
        return put::stopped;
    if (!fits(size))
        return put::full;
    if (!storm_) [[likely]]
    {
        insert(parts, size);
        return put::done;
    }
    if (storm_->spares(parts, 0))
        insert(parts, size);
    storm_->pass_on();
    insert_leaving();
    return put::done;
}

void inproc_queue::impl::insert_leaving()
{
    for (auto &leaving = storm_->leaving(); !leaving.empty(); leaving.pop_front())
    {
        const bytes_view packet(leaving.front().bytes);
        insert({&packet, 1}, packet.size());
    }
}

void inproc_queue::impl::insert(std::span<const bytes_view> parts, std::size_t size)
{
    if (blocks_.empty() || !blocks_.back()->has_room(size))
    {
        std::unique_ptr<inproc_block> fresh;
        if (spare_.empty())
            fresh = std::make_unique<inproc_block>();
        else
        {
            fresh = std::move(spare_.back());
            spare_.pop_back();
        }
        fresh->bytes.reserve(std::max(size, inproc_block::capacity));
        blocks_.push_back(std::move(fresh));
    }
    inproc_block &block = *blocks_.back();
    block.sizes.push_back(size);
    for (bytes_view part : parts)
        block.bytes.insert(block.bytes.end(), part.begin(), part.end());
    bytes_ += size;
    ++packets_;
    ++report_.passed;
}

inproc_queue::impl::put inproc_queue::impl::write(std::span<const send::packet> packets, std::size_t &count)
{
    std::unique_lock lock(mutex_);
    put result = put::done;
    for (const send::packet &p : packets)
    {
        result = append(p.parts, p.size);
        if (result != put::done)
            break;
        ++count;
    }
    const std::shared_ptr<reader> now = reader_for_little();
    if (!now)
        wake_readers(false);
    lock.unlock();
    if (now)
        now->read_now();
    return result;
}

/// Takes a reader out of those who wait, if it reads on this thread. Only what is little: the rest is better read
/// while more is written.
std::shared_ptr<inproc_queue::impl::reader> inproc_queue::impl::reader_for_little() noexcept
{
    if (readers_.empty() || blocks_.size() != 1 || bytes_ > inproc_block::capacity)
        return nullptr;
    std::shared_ptr<reader> found = readers_.back()->ready_now();
    if (found)
        readers_.pop_back();
    return found;
}

inproc_queue::impl::put inproc_queue::impl::write(bytes_view packet)
{
    std::lock_guard lock(mutex_);
    put result = append({&packet, 1}, packet.size());
    wake_readers(false);
    return result;
}

void inproc_queue::impl::stop() noexcept
{
    std::list<writer> called;
    std::lock_guard lock(mutex_);
    try
    {
        if (storm_ && !stopped_)
        {
            storm_->release_all();
            insert_leaving();
        }
    }
    catch (const std::bad_alloc &)
    {
        HEAPWIRE_LOG(warning, "transport", "inproc: no memory for packets that were held back; they are lost");
    }
    stopped_ = true;
    wake_readers(true);
    wake_writers(called);
}

inproc_queue::impl::got inproc_queue::impl::take(std::unique_ptr<inproc_block> &out, reader &who)
{
    std::lock_guard lock(mutex_);
    if (!blocks_.empty())
    {
        out = std::move(blocks_.front());
        blocks_.pop_front();
        wake_readers(false); // more than one block may have come for one wake-up
        return got::block;
    }
    if (stopped_)
        return got::ended;
    if (std::find(readers_.begin(), readers_.end(), &who) == readers_.end())
        readers_.push_back(&who);
    return got::waiting;
}

void inproc_queue::impl::release(std::size_t packets, std::size_t bytes, std::unique_ptr<inproc_block> empty) noexcept
{
    std::list<writer> called;
    std::lock_guard lock(mutex_);
    bytes_ -= bytes;
    packets_ -= packets;
    if (empty && spare_.size() < spare_.capacity() && empty->bytes.capacity() == inproc_block::capacity)
    {
        empty->bytes.clear();
        empty->sizes.clear();
        empty->next = empty->offset = 0;
        spare_.push_back(std::move(empty));
    }
    wake_writers(called);
}

void inproc_queue::impl::leave(reader &who, std::unique_ptr<inproc_block> unread) noexcept
{
    std::lock_guard lock(mutex_);
    std::erase(readers_, &who);
    try
    {
        if (unread && unread->left() > 0)
            blocks_.push_front(std::move(unread));
    }
    catch (const std::bad_alloc &)
    {
        HEAPWIRE_LOG(warning, "transport", "inproc: no memory to give packets back; they are lost");
    }
    wake_readers(false);
}

void inproc_queue::impl::wake_readers(bool all) noexcept
{
    while (!readers_.empty() && (all || !blocks_.empty()))
    {
        reader *const who = readers_.back();
        readers_.pop_back();
        who->come_later();
        if (!all)
            return;
    }
}

/// Writers that found the queue full come back when it is half empty, not for each packet.
void inproc_queue::impl::wake_writers(std::list<writer> &called) noexcept
{
    if (!stopped_ && bytes_ > max_bytes_ / 2)
        return;
    for (auto w = writers_.begin(); w != writers_.end();)
    {
        auto here = w++;
        if (!stopped_ && !fits(here->size))
            continue;
        called.splice(called.end(), writers_, here);
        here->ready();
    }
    if (sleepers_ > 0)
        room_.notify_all();
}

void inproc_queue::impl::call_writer(writer who)
{
    forget_writer(who.owner);
    std::list<writer> called;
    called.push_back(std::move(who));
    std::lock_guard lock(mutex_);
    if (stopped_ || fits(called.front().size))
        called.front().ready();
    else
        writers_.splice(writers_.end(), called);
}

void inproc_queue::impl::forget_writer(const void *owner) noexcept
{
    std::list<writer> dropped;
    std::lock_guard lock(mutex_);
    for (auto w = writers_.begin(); w != writers_.end();)
    {
        auto here = w++;
        if (here->owner == owner)
            dropped.splice(dropped.end(), writers_, here);
    }
    room_.notify_all();
}

bool inproc_queue::impl::wait_for_room(std::size_t size, const std::atomic<bool> &closed, steady_time deadline) noexcept
{
    std::unique_lock lock(mutex_);
    auto there_is = [&] { return stopped_ || closed || fits(size); };
    ++sleepers_;
    bool found = true;
    if (deadline == no_deadline)
        room_.wait(lock, there_is);
    else
        found = room_.wait_until(lock, deadline, there_is);
    --sleepers_;
    return found;
}

bool inproc_queue::impl::stopped() const noexcept
{
    std::lock_guard lock(mutex_);
    return stopped_;
}

std::size_t inproc_queue::impl::packets() const noexcept
{
    std::lock_guard lock(mutex_);
    return packets_;
}

weather_report inproc_queue::impl::report() const noexcept
{
    std::lock_guard lock(mutex_);
    return report_;
}

inproc_queue::inproc_queue(std::size_t max_bytes) : impl_(std::make_shared<impl>(max_bytes, nullptr)) {}

inproc_queue::inproc_queue(std::size_t max_bytes, const weather &how) : impl_(std::make_shared<impl>(max_bytes, &how))
{
}

inproc_queue::~inproc_queue() = default;

std::error_code inproc_queue::add_packet(bytes_view packet)
{
    switch (impl_->write(packet))
    {
    case impl::put::done:
        return {};
    case impl::put::full:
        return make_error_code(errc::queue_full);
    case impl::put::stopped:
        break;
    }
    return make_error_code(errc::stopped);
}

void inproc_queue::stop() noexcept { impl_->stop(); }

bool inproc_queue::stopped() const noexcept { return impl_->stopped(); }

std::size_t inproc_queue::packets() const noexcept { return impl_->packets(); }

weather_report inproc_queue::report() const noexcept { return impl_->report(); }

} // namespace heapwire::transport
