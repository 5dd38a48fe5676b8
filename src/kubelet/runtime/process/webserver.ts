import { createReadStream, renameSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'

/**
 * The built-in web server that stands for images like nginx, which the process runtime can't run.
 * It serves port 80 of POD_IP. Where ports below 1024 need a privilege that is missing, it serves
 * port + 20000 and tells so in the file QUORATE_PORTS_FILE: `{"80": 20080}` (always written).
 * With QUORATE_WEB_ROOT it serves the files of that folder; else it says who it is.
 */

/** Added to a port that may not be bound. See design.md, Addresses of the process runtime. */
const unprivilegedOffset = 20_000

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

const {
  POD_IP = '127.0.0.1',
  HOSTNAME = 'unknown',
  QUORATE_IMAGE = 'nginx',
  QUORATE_PORTS_FILE,
  QUORATE_WEB_ROOT,
  QUORATE_WEB_PORT = '80',
} = process.env

const wantedPort = Number(QUORATE_WEB_PORT)

function page(): string {
  return [
    `Hello from pod ${HOSTNAME} (${POD_IP}).`,
    `This is quorate's built-in web server standing in for the image ${QUORATE_IMAGE}:`,
    'the process runtime starts programs of this host and pulls no images.',
    '',
  ].join('\n')
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  response.on('finish', () => logAccess(request, response))
  response.setHeader('server', 'quorate-web')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { 'content-type': 'text/plain' }).end('405 Not Allowed\n')
    return
  }
  if (QUORATE_WEB_ROOT) serveFile(QUORATE_WEB_ROOT, request, response)
  else response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(page())
}

function serveFile(root: string, request: IncomingMessage, response: ServerResponse): void {
  try {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://pod').pathname)
    let file = join(root, normalize(path))
    if (statSync(file).isDirectory()) file = join(file, 'index.html')
    const { size } = statSync(file)
    const type = types[extname(file)] ?? 'application/octet-stream'
    response.writeHead(200, { 'content-type': type, 'content-length': size })
    createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response)
  } catch {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 Not Found\n')
  }
}

/** nginx's combined format. */
function logAccess(request: IncomingMessage, response: ServerResponse): void {
  const { method, url, httpVersion, headers, socket } = request
  const time = new Date().toISOString()
  const agent = headers['user-agent'] ?? '-'
  const line = `"${method} ${url} HTTP/${httpVersion}" ${response.statusCode} "${agent}"`
  process.stdout.write(`${socket.remoteAddress ?? '-'} - - [${time}] ${line}\n`)
}

function listen(port: number): void {
  const server = createServer(serve)
  server.keepAliveTimeout = 65_000
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES' && port < 1024) {
      listen(port + unprivilegedOffset)
      return
    }
    process.stderr.write(`bind() to ${POD_IP}:${port} failed: ${error.message}\n`)
    process.exit(1)
  })
  server.listen(port, POD_IP, () => {
    if (port !== wantedPort) {
      process.stderr.write(
        `port ${wantedPort} needs a privilege, serving port ${port} instead; to change that: ` +
          `sysctl net.ipv4.ip_unprivileged_port_start=${wantedPort}\n`,
      )
    }
    process.stdout.write(`quorate's built-in web server listens on ${POD_IP}:${port}\n`)
    if (QUORATE_PORTS_FILE) {
      const map = port === wantedPort ? {} : { [wantedPort]: port }
      writeFileSync(`${QUORATE_PORTS_FILE}.new`, JSON.stringify(map))
      renameSync(`${QUORATE_PORTS_FILE}.new`, QUORATE_PORTS_FILE)
    }
    stopOn(server)
  })
}

function stopOn(server: ReturnType<typeof createServer>): void {
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
    setTimeout(() => process.exit(0), 1_000).unref()
  })
}

listen(wantedPort)
