/* SPDX-License-Identifier: BSD-3-Clause */
/* Place callbacks for tests. The structure is written down here once more, as a user of the documented layout would. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct
{
    const uint8_t *packet;
    size_t packet_size;
    int64_t *items; /* serial number, heap length */
    int64_t chunk_id;
    size_t heap_index;
    size_t heap_offset;
    uint64_t *batch_stats;
    uint8_t *extra;
    size_t extra_offset;
    size_t extra_size;
} place_data;

/* context: heaps a chunk, bytes a heap, index of a statistic or -1 */
void place_with(place_data *heap, size_t size, int64_t *context)
{
    int64_t n = heap->items[0];
    if (size < sizeof(*heap) || n < 0 || heap->items[1] != context[1])
        return;
    heap->chunk_id = n / context[0];
    heap->heap_index = n % context[0];
    heap->heap_offset = heap->heap_index * context[1];
    if (context[2] >= 0)
        heap->batch_stats[context[2]]++;
    if (heap->extra)
    {
        memcpy(heap->extra, &n, 8);
        heap->extra_offset = 8 * heap->heap_index;
        heap->extra_size = 8;
    }
}

void place(place_data *heap, size_t size)
{
    int64_t context[3] = {4, 16, -1};
    place_with(heap, size, context);
}

void place_batch_with(place_data *heaps, size_t count, size_t size, int64_t *context)
{
    for (size_t i = 0; i < count; ++i)
        place_with((place_data *)((char *)heaps + i * size), size, context);
}

void place_batch(place_data *heaps, size_t count, size_t size)
{
    int64_t context[3] = {4, 16, -1};
    place_batch_with(heaps, count, size, context);
}

/* Whatever context says: chunk id, index, offset, extra offset, extra size. */
void place_anywhere(place_data *heap, size_t size, int64_t *context)
{
    (void)size;
    heap->chunk_id = context[0];
    heap->heap_index = context[1];
    heap->heap_offset = context[2];
    heap->extra_offset = context[3];
    heap->extra_size = context[4];
}
