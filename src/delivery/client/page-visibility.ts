/** What the client has to know of the page around it. */
export interface PageVisibility {
  /** False where there is no network for certain. */
  isOnline(): boolean
  /** False while the page's tab is in the background. */
  isVisible(): boolean
  /** Calls back after every change, and when the page is about to go. Returns how to end that. */
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

/** The browser's own signals. Outside of a browser: always online, always visible. */
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
