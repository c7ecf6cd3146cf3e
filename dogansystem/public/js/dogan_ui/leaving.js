// Whether the page that is shown has something to lose. The page says so by `guard.asks`.

export const guard = { asks: () => false };
