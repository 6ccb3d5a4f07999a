import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../core/clock.ts'
import { createMemoryLimitStore, type MemoryLimitState, type MemoryLimitStore } from '../../limits/index.ts'
import { loadSqlite } from '../sqlite/index.ts'
import { elapsedMs, type TimeAnchor } from './elapsed.ts'

const FILE = 'limits.db'
const SWEPT_PER_NEW_KEY = 8
// Result codes of SQLite.
const CORRUPT = 11
const NOT_A_DATABASE = 26
const SHORT_READ = 522

const SCHEMA = `
  pragma journal_mode = wal;
  pragma synchronous = normal;
  create table if not exists limits (key text primary key, state text not null, done_at real not null) without rowid;
  create index if not exists limits_done on limits (done_at);
  create table if not exists time (one integer primary key check (one = 1), at real not null, wall real not null)`

/** The levels of limits in one SQLite file, which several processes may use. Its methods do not wait. */
export class LimitDatabase {
  readonly #directory: string
  readonly #path: string
  readonly #clock: Clock
  #open: { readonly database: DatabaseSync; readonly inode: number } | undefined
  /** What this process wrote last, and its monotonic time then. */
  #own: (TimeAnchor & { readonly now: number }) | undefined

  constructor(directory: string, clock: Clock) {
    this.#directory = directory
    this.#path = join(directory, FILE)
    this.#clock = clock
  }

  /**
   * Runs `action` on these keys in one transaction. Throws the driver's error if the file cannot be used, or is locked. A
   * file that holds no database any more is renamed, and all limits begin again at nothing.
   */
  step<Result>(keys: readonly string[], action: (store: MemoryLimitStore) => Result): Result {
    try {
      return this.#transaction(keys, action)
    } catch (error) {
      if (!isBroken(error)) throw error
    }
    // Another process may have replaced the file by now.
    this.close()
    try {
      return this.#transaction(keys, action)
    } catch (error) {
      if (!isBroken(error)) throw error
      this.#setAside()
      return this.#transaction(keys, action)
    }
  }

  close(): void {
    this.#open?.database.close()
    this.#open = undefined
  }

  #transaction<Result>(keys: readonly string[], action: (store: MemoryLimitStore) => Result): Result {
    const database = this.#connect()
    database.exec('begin immediate')
    try {
      const result = this.#run(database, keys, action)
      database.exec('commit')
      return result
    } catch (error) {
      undo(database)
      throw error
    }
  }

  #run<Result>(
    database: DatabaseSync,
    keys: readonly string[],
    action: (store: MemoryLimitStore) => Result,
  ): Result {
    const wall = this.#clock.epochMs()
    const stored = database.prepare('select at, wall from time').get() as TimeAnchor | undefined
    const at = stored === undefined ? wall : stored.at + this.#elapsed(stored, wall)
    const state = load(database, keys)
    const before = new Map(keys.map((key) => [key, textOf(state, key)]))
    const result = action(
      createMemoryLimitStore({ ...this.#clock, now: () => at, epochMs: () => wall }, state),
    )
    const changed = [...before.keys()].filter((key) => textOf(state, key) !== before.get(key))
    for (const key of changed) save(database, state, key)
    if (changed.some((key) => before.get(key) === '')) sweep(database, Math.min(at, wall))
    // A clock that was set back has to be noted even by a call that changes nothing else.
    if (changed.length > 0 || stored === undefined || wall < stored.wall) this.#note(database, { at, wall })
    return result
  }

  #elapsed(stored: TimeAnchor, wall: number): number {
    const own = this.#own
    const isOwn = own !== undefined && own.at === stored.at && own.wall === stored.wall
    return elapsedMs(stored, { wall, monotonicMs: isOwn ? this.#clock.now() - own.now : undefined })
  }

  #note(database: DatabaseSync, anchor: TimeAnchor): void {
    const upsert = 'insert into time (one, at, wall) values (1, ?, ?)'
    database
      .prepare(`${upsert} on conflict (one) do update set at = excluded.at, wall = excluded.wall`)
      .run(anchor.at, anchor.wall)
    this.#own = { ...anchor, now: this.#clock.now() }
  }

  // The file may have been removed or replaced by another process, and a connection to it counts for itself alone.
  #connect(): DatabaseSync {
    if (this.#open !== undefined && this.#open.inode === inodeOf(this.#path)) return this.#open.database
    this.close()
    mkdirSync(this.#directory, { recursive: true })
    const { DatabaseSync } = loadSqlite()
    const database = new DatabaseSync(this.#path)
    try {
      database.exec(SCHEMA)
    } catch (error) {
      database.close()
      throw error
    }
    this.#open = { database, inode: inodeOf(this.#path) ?? 0 }
    return database
  }

  #setAside(): void {
    this.close()
    renameSync(this.#path, `${this.#path}.broken`)
    for (const part of ['-wal', '-shm']) rmSync(`${this.#path}${part}`, { force: true })
  }
}

function undo(database: DatabaseSync): void {
  try {
    database.exec('rollback')
  } catch {
    // SQLite has already rolled back after some errors.
  }
}

function isBroken(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  if (typeof errcode !== 'number') return false
  return [CORRUPT, NOT_A_DATABASE].includes(errcode & 0xff) || errcode === SHORT_READ
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}

function load(database: DatabaseSync, keys: readonly string[]): MemoryLimitState {
  const state: MemoryLimitState = { buckets: new Map(), counters: new Map() }
  const select = database.prepare('select state from limits where key = ?')
  for (const key of keys) {
    const text = select.get(key)?.['state']
    if (typeof text !== 'string') continue
    const { bucket, counter } = read(text)
    if (bucket !== undefined) state.buckets.set(key, bucket)
    if (counter !== undefined) state.counters.set(key, counter)
  }
  return state
}

// A state that cannot be read counts as none: its limit begins again at nothing.
function read(text: string): Stored {
  try {
    return JSON.parse(text) as Stored
  } catch {
    return {}
  }
}

interface Stored {
  readonly bucket?: Parameters<MemoryLimitState['buckets']['set']>[1] | undefined
  readonly counter?: Parameters<MemoryLimitState['counters']['set']>[1] | undefined
}

function textOf({ buckets, counters }: MemoryLimitState, key: string): string {
  const [bucket, counter] = [buckets.get(key), counters.get(key)]
  return bucket === undefined && counter === undefined
    ? ''
    : JSON.stringify({ bucket, counter } satisfies Stored)
}

function save(database: DatabaseSync, state: MemoryLimitState, key: string): void {
  const text = textOf(state, key)
  if (text === '') {
    database.prepare('delete from limits where key = ?').run(key)
    return
  }
  const doneAt = Math.max(state.buckets.get(key)?.fullAt ?? 0, state.counters.get(key)?.endMs ?? 0)
  const upsert = 'insert into limits (key, state, done_at) values (?, ?, ?)'
  const update = 'on conflict (key) do update set state = excluded.state, done_at = excluded.done_at'
  database.prepare(`${upsert} ${update}`).run(key, text, doneAt)
}

/** Removes buckets that are full and counters whose period is over, faster than new ones arrive. */
function sweep(database: DatabaseSync, now: number): void {
  const idle = 'select key from limits where done_at <= ? order by done_at limit ?'
  database.prepare(`delete from limits where key in (${idle})`).run(now, SWEPT_PER_NEW_KEY)
}
