/** The signals of the page that the client reads. */
export interface PageVisibility {
  /** Whether there may be a network; false only if there certainly is none. */
  isOnline(): boolean
  /** Whether the tab of the page is in the foreground. */
  isVisible(): boolean
  /** Calls `listener` after every change, and when the page is about to close. Returns the function that ends the watch. */
  watch(listener: () => void): () => void
}

interface Target {
  addEventListener?(name: string, listener: () => void): void
  removeEventListener?(name: string, listener: () => void): void
}
interface Globals extends Target {
  readonly navigator?: { readonly onLine?: boolean }
  readonly document?: Target & { readonly visibilityState?: string }
}

/** Returns the signals of the browser; outside of a browser, always online and visible. */
export function browserPage(): PageVisibility {
  const all: object = globalThis
  const page = all as Globals
  const places: readonly (readonly [Target | undefined, string])[] = [
    [page, 'online'],
    [page, 'offline'],
    [page, 'pagehide'],
    [page.document, 'visibilitychange'],
  ]
  return {
    isOnline: () => page.navigator?.onLine !== false,
    isVisible: () => page.document?.visibilityState !== 'hidden',
    watch: (listener) => {
      for (const [target, name] of places) target?.addEventListener?.(name, listener)
      return () => {
        for (const [target, name] of places) target?.removeEventListener?.(name, listener)
      }
    },
  }
}
