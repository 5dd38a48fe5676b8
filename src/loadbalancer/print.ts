import type { Backend } from './types.ts'

/** Where the printed load balancer listens, as given to the real one. */
export interface PrintOptions {
  readonly bind?: string
}

/**
 * HAProxy configuration that does what `createLoadBalancer` does, as far as HAProxy can: TCP mode,
 * a refused connection goes to the next server, one that dies takes its sessions with it.
 */
export function printHaproxy(backends: readonly Backend[], options: PrintOptions = {}): string {
  const servers = backends.map(
    ({ name, host, port }) =>
      `    server ${name} ${host}:${port} check check-ssl verify none ` +
      'observe layer4 error-limit 2 on-error mark-down on-marked-down shutdown-sessions',
  )
  return `${[
    '# Load balancer for the API servers of a quorate cluster: TLS is passed through.',
    'defaults',
    '    mode tcp',
    '    option redispatch 1',
    '    retries 3',
    '    timeout connect 500ms',
    '    timeout check 1s',
    '    # Watches are quiet for up to a minute; exec and port-forward may be so for longer.',
    '    timeout client 1h',
    '    timeout server 1h',
    '    timeout client-fin 10s',
    '    timeout server-fin 10s',
    '',
    'frontend kubernetes',
    `    bind ${options.bind ?? '*:6443'}`,
    '    option clitcpka',
    '    default_backend apiservers',
    '',
    'backend apiservers',
    '    balance leastconn',
    '    option srvtcpka',
    '    option httpchk GET /readyz',
    '    http-check expect status 200',
    '    default-server inter 500ms fastinter 200ms downinter 200ms fall 2 rise 1',
    ...servers,
  ].join('\n')}\n`
}

/** The same for Nginx (stream module): passive checks only, which is all that it has. */
export function printNginx(backends: readonly Backend[], options: PrintOptions = {}): string {
  const servers = backends.map(
    ({ name, host, port }) =>
      `        server ${host}:${port} max_fails=1 fail_timeout=2s; # ${name}`,
  )
  return `${[
    '# Load balancer for the API servers of a quorate cluster: TLS is passed through.',
    '# Debian keeps the stream module in a file of its own; elsewhere nothing matches.',
    'include /etc/nginx/modules-enabled/*.conf;',
    'events {}',
    'stream {',
    '    upstream apiservers {',
    '        least_conn;',
    ...servers,
    '    }',
    '    server {',
    `        listen ${options.bind ?? '6443'} so_keepalive=on;`,
    '        proxy_pass apiservers;',
    '        proxy_connect_timeout 500ms;',
    '        proxy_next_upstream on;',
    '        proxy_next_upstream_tries 3;',
    '        proxy_socket_keepalive on;',
    '        proxy_timeout 1h;',
    '    }',
    '}',
  ].join('\n')}\n`
}
