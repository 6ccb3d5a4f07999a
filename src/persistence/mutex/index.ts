export { createMutex, type Mutex, type MutexOptions } from './mutex.ts'
export { checkSignal, ended, orAbort } from './signal.ts'
