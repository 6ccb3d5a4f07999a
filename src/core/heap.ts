/** An item of at most one {@link Heap}. `heapIndex` starts as -1; only the heap changes it. */
export interface HeapItem {
  heapIndex: number
}

/** A binary heap whose items know their position, so that each of them can be removed or moved in O(log n). */
export class Heap<Item extends HeapItem> {
  readonly #items: Item[] = []
  readonly #before: (one: Item, other: Item) => boolean

  constructor(before: (one: Item, other: Item) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  /** A copy of all items, unordered. */
  all(): readonly Item[] {
    return [...this.#items]
  }

  /** The first item, without removing it. */
  peek(): Item | undefined {
    return this.#items[0]
  }

  add(item: Item): void {
    this.#items.push(item)
    this.#up(item, this.#items.length - 1)
  }

  /** Removes an item. Does nothing if the heap does not hold it. */
  remove(item: Item): void {
    const index = item.heapIndex
    if (index < 0) return
    item.heapIndex = -1
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    this.#up(last, index)
    this.#down(last, last.heapIndex)
  }

  /** Moves an item whose order has changed. */
  update(item: Item): void {
    this.#up(item, item.heapIndex)
    this.#down(item, item.heapIndex)
  }

  #up(item: Item, from: number): void {
    let index = from
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = this.#items[parentIndex]
      if (parent === undefined || !this.#before(item, parent)) break
      this.#put(parent, index)
      index = parentIndex
    }
    this.#put(item, index)
  }

  #down(item: Item, from: number): void {
    let index = from
    for (;;) {
      const left = 2 * index + 1
      const [one, other] = [this.#items[left], this.#items[left + 1]]
      if (one === undefined) break
      const child = other !== undefined && this.#before(other, one) ? other : one
      if (!this.#before(child, item)) break
      const childIndex = child.heapIndex
      this.#put(child, index)
      index = childIndex
    }
    this.#put(item, index)
  }

  #put(item: Item, index: number): void {
    this.#items[index] = item
    item.heapIndex = index
  }
}
