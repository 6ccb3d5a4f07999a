import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap, type HeapItem } from '../../src/core/heap.ts'

interface Item extends HeapItem {
  rank: number
}

test('the first item is at hand, whatever was added, removed and changed', () => {
  const step = fc.record({
    op: fc.constantFrom('add', 'add', 'remove', 'remove again', 'update', 'take'),
    rank: fc.integer({ min: 0, max: 20 }),
    which: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const heap = new Heap<Item>((one, other) => one.rank < other.rank)
      let items: Item[] = []
      let gone: Item | undefined
      for (const { op, rank, which } of steps) {
        const item = items[which % Math.max(1, items.length)]
        if (op === 'add') {
          const added = { rank, heapIndex: -1 }
          items.push(added)
          heap.add(added)
        } else if (op === 'remove again') {
          if (gone !== undefined) heap.remove(gone)
        } else if (op === 'update' && item !== undefined) {
          item.rank = rank
          heap.update(item)
        } else {
          gone = op === 'take' ? heap.peek() : item
          if (gone === undefined) continue
          heap.remove(gone)
          items = items.filter((other) => other !== gone)
        }
        expect(heap.size).toBe(items.length)
        expect(heap.peek()?.rank).toBe(
          items.length === 0 ? undefined : Math.min(...items.map((one) => one.rank)),
        )
      }
    }),
  )
})
