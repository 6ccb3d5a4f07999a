import type { PageVisibility } from './page-visibility.ts'

/** Whether a connection may be open: `offline` without a network, `paused` by the application or in a hidden tab. */
export type GateState = 'open' | 'offline' | 'paused'

/** Combines the page's signals with `pause()` and `resume()` of the client. */
export interface ConnectionGate {
  readonly state: () => GateState
  /** Returns whether the pause changed. */
  setPaused(isPaused: boolean): boolean
  /**
   * Calls `listener` after every signal of the page. `isBack` is whether the network or the tab has just returned.
   * Returns the function that ends the watch.
   */
  watch(listener: (isBack: boolean) => void): () => void
}

/** Creates the gate of one client. `pausesWhenHidden`: a hidden tab counts as paused. */
export function createConnectionGate(page: PageVisibility, pausesWhenHidden: boolean): ConnectionGate {
  let isPaused = false
  let wasOnline = page.isOnline()
  let wasVisible = page.isVisible()
  return {
    state: () => {
      if (isPaused || (pausesWhenHidden && !page.isVisible())) return 'paused'
      return page.isOnline() ? 'open' : 'offline'
    },
    setPaused: (value) => {
      const hasChanged = isPaused !== value
      isPaused = value
      return hasChanged
    },
    watch: (listener) =>
      page.watch(() => {
        const isOnline = page.isOnline()
        const isVisible = page.isVisible()
        const isBack = (isOnline && !wasOnline) || (isVisible && !wasVisible)
        wasOnline = isOnline
        wasVisible = isVisible
        listener(isBack)
      }),
  }
}
