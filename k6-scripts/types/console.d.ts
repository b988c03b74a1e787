/** k6 has one, but its types leave it to those of the browser, which promise much that k6 has not. */
declare const console: Record<'debug' | 'info' | 'log' | 'warn' | 'error', (...values: unknown[]) => void>
