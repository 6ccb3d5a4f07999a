import { describe, expect, test } from 'vitest'
import {
  numberedPage,
  pageMeta,
  pageOf,
  pageWindow,
  searchTerms,
} from '../../src/conversations/storage/index.ts'

describe('pages', () => {
  test('a numbered page is an offset, and its meta tells the rest', () => {
    expect(numberedPage(3, 20)).toEqual({ limit: 20, offset: 40, withTotal: true })
    expect(pageMeta(3, 20, 41)).toEqual({ total: 41, page: 3, limit: 20, totalPages: 3 })
    expect(pageMeta(1, 20, 0)).toEqual({ total: 0, page: 1, limit: 20, totalPages: 0 })
    for (const page of [0, -1, 1.5, Number.NaN]) expect(() => numberedPage(page, 20)).toThrow('page')
  })

  test('one found more than asked for makes a cursor, which leads behind the last', () => {
    const window = pageWindow({ limit: 2 }, 'numbers')
    const page = pageOf([5, 4, 3], window, { list: 'numbers', key: (item) => [item, `n${item}`] })
    expect(page.items).toEqual([5, 4])
    expect(pageWindow({ cursor: page.nextCursor }, 'numbers').after).toEqual([4, 'n4'])
    expect(pageOf([5, 4], window, { list: 'numbers', key: (item) => [item] })).toEqual({ items: [5, 4] })
  })

  test.each([
    [
      'another list',
      () => pageOf([1, 2], pageWindow({ limit: 1 }, 'b'), { list: 'b', key: (n) => [n] }).nextCursor,
    ],
    ['nonsense', () => 'nonsense'],
    ['empty text', () => ''],
    ['objects in it', () => Buffer.from('["a",{"$gt":0}]').toString('base64url')],
    ['no key', () => Buffer.from('["a"]').toString('base64url')],
  ])('a cursor of %s is refused', (_name, cursor) => {
    expect(() => pageWindow({ cursor: cursor() }, 'a')).toThrow('cursor')
  })
})

describe('search terms', () => {
  test.each([
    ['Hello, World! hello', ['hello', 'world']],
    ["o'clock e-mail 3.14 C++", ['o', 'clock', 'e', 'mail', '3', '14', 'c']],
    ['東京タワーbyTrain', ['東', '京', 'タ', 'ワ', 'ー', 'bytrain']],
    ['Ａｂｃ ﬁ', ['abc', 'fi']],
    ['naïve naïve', ['naïve']],
    ['😀 \u0000 \ud83d "\'*:&|!()', []],
  ])('%j', (text, words) => {
    expect(searchTerms(text)).toEqual(words)
  })

  test('a very long text is cut, not refused', () => {
    const long = searchTerms(Array.from({ length: 100_000 }, (_, at) => `w${at}`).join(' '))
    expect(long.length).toBeLessThanOrEqual(20_000)
    expect(searchTerms('x'.repeat(500_000))[0]?.length).toBe(60)
  })
})
