import { Box, type Key, Text, useInput } from 'ink'
import { memo, useCallback, useSyncExternalStore } from 'react'
import { keyNames } from '../keys/parse.ts'
import type { Theme } from '../theme/theme.ts'
import { screenView } from '../views/screen.ts'
import { paint } from '../widgets/line.ts'
import type { Store } from './store.ts'

/** Size of the terminal, with a way to hear of its changes. */
export interface Size {
  readonly columns: () => number
  readonly rows: () => number
  readonly subscribe: (listener: () => void) => () => void
}

export interface AppProps {
  readonly store: Store
  readonly size: Size
  readonly theme: Theme
  readonly onKey: (key: string) => void
}

/** The whole dashboard. One Text a row, cut to its width before React sees it. */
export function App({ store, size, theme, onKey }: AppProps) {
  const state = useSyncExternalStore(store.subscribe, store.snapshot)
  const width = useSyncExternalStore(size.subscribe, size.columns)
  const height = useSyncExternalStore(size.subscribe, size.rows)
  // The same function each time, or Ink would listen anew after every frame.
  const onInput = useCallback(
    (input: string, key: Key) => {
      for (const name of keyNames(input, key)) onKey(name)
    },
    [onKey],
  )
  useInput(onInput)
  return <Frame {...state} theme={theme} width={width} height={height} />
}

/** One frame of a state; also what `--once` prints. */
export function Frame(props: {
  readonly model: Parameters<typeof screenView>[0]['model']
  readonly ui: Parameters<typeof screenView>[0]['ui']
  readonly theme: Theme
  readonly width: number
  readonly height: number
}) {
  const lines = screenView(props).map(line => paint(line, props.theme))
  return (
    <Box flexDirection="column" width={props.width} height={props.height}>
      {lines.map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is its number
        <Row key={row} line={line} />
      ))}
    </Box>
  )
}

/** Drawn again only when its text differs. */
const Row = memo(function Row({ line }: { readonly line: string }) {
  return <Text wrap="truncate">{line}</Text>
})
