/* SPDX-License-Identifier: BSD-3-Clause */
/** What a place callback sees and answers. Plain C, so that callbacks can be compiled by anything; the layout is that
 *  of the incumbent's `chunk_place_data`, and grows at its end only: the size passed along says what is there. */
#pragma once

#include <stddef.h> /* NOLINT: C */
#include <stdint.h> /* NOLINT: C */

#ifdef __cplusplus
extern "C"
{
#endif

    /** One heap, described by its first accepted packet. What is marked "out" is reset before every call; the pointers
     *  must not be changed. Everything that is answered is checked before it is used. */
    typedef struct heapwire_place_data
    {
        const uint8_t *packet; /**< the SPEAD packet, from its 8-byte header on */
        size_t packet_size;
        int64_t *items;   /**< a value for each id of chunk_options::items; -1 where the packet has no immediate of that
                               id. Null if no items were asked for */
        int64_t chunk_id; /**< out: where the heap belongs; left at -1 (or any negative): the heap is rejected */
        size_t heap_index;     /**< out: which flag of chunk::present is the heap's */
        size_t heap_offset;    /**< out: where in chunk::data its payload begins, bytes */
        uint64_t *batch_stats; /**< statistics of this batch, indexed by chunk_options::batch_stat_base + number of the
                                    custom statistic; added to the stream's (or its maximum) when the batch ends */
        uint8_t *extra;        /**< max_heap_extra bytes to write to, aligned to 16; null if that is 0 */
        size_t extra_offset;   /**< out: where in chunk::extra the bytes at `extra` go */
        size_t extra_size;     /**< out: how many of them; they are copied even if the heap stays incomplete */
    } heapwire_place_data;

    /** Called once a heap, on the thread that took the packet, inside the stream's lock: must be quick, must not throw,
     * and must not call the stream. `size` is sizeof(heapwire_place_data) as the library was compiled. */
    typedef void (*heapwire_place)(heapwire_place_data *heap, size_t size);
    typedef void (*heapwire_place_with)(heapwire_place_data *heap, size_t size, void *context);

    /** The same for `count` heaps at once, one after the other `size` bytes apart: all heaps that begin in a batch of
     * packets, up to HEAPWIRE_PLACE_BATCH a call. */
    typedef void (*heapwire_place_batch)(heapwire_place_data *heaps, size_t count, size_t size);
    typedef void (*heapwire_place_batch_with)(heapwire_place_data *heaps, size_t count, size_t size, void *context);

#define HEAPWIRE_PLACE_BATCH 64

/** How the four are called in a PyCapsule's name or a scipy.LowLevelCallable's signature. */
#define HEAPWIRE_PLACE_SIGNATURE "void (void *, size_t)"
#define HEAPWIRE_PLACE_WITH_SIGNATURE "void (void *, size_t, void *)"
#define HEAPWIRE_PLACE_BATCH_SIGNATURE "void (void *, size_t, size_t)"
#define HEAPWIRE_PLACE_BATCH_WITH_SIGNATURE "void (void *, size_t, size_t, void *)"

#ifdef __cplusplus
} /* extern "C" */
#endif
