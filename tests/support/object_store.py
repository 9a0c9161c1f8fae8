#!/usr/bin/python3
"""An object store for tests that speaks S3 and was written elsewhere: OpenStack Swift with its s3api (Debian's
python3-swift), all of its servers in this process, on loopback, its files in FOLDER.

Usage: object_store.py FOLDER ACCESS_KEY SECRET_KEY BUCKET [s3api option=value]…
ACCESS_KEY: account:user. FOLDER must be on a file system with extended attributes. Once it serves it prints
"Listening on 127.0.0.1:<port>".
"""
import os
import sys

import eventlet

eventlet.monkey_patch()  # before the others import sockets

from eventlet import wsgi
from swift.account import server as account
from swift.common import utils
from swift.common.middleware import bulk, catch_errors, gatekeeper, listing_formats, slo, tempauth
from swift.common.middleware.s3api import s3api
from swift.common.ring import RingBuilder
from swift.common.swob import Request
from swift.container import server as container
from swift.obj import server as obj
from swift.proxy import server as proxy

folder, access_key, secret_key, bucket = sys.argv[1:5]
options = dict(argument.split('=', 1) for argument in sys.argv[5:])
account_name, user = access_key.split(':')
quiet = open(os.devnull, 'w')

# What a deployment has in /etc/swift/swift.conf.
utils.HASH_PATH_PREFIX = utils.HASH_PATH_SUFFIX = b'test'


class NothingCached:
    """In place of memcached, without which tempauth answers nobody."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        environ['swift.cache'] = self
        return self.app(environ, start_response)

    def get(self, *_, **__):
        return None

    set = delete = incr = decr = get


def listen():
    return eventlet.listen(('127.0.0.1', 0))


def start_backend(name, module, conf):
    """One of the three servers behind the proxy, and the ring by which that finds it: a single disk."""
    socket = listen()
    builder = RingBuilder(part_power=1, replicas=1, min_part_hours=0)
    builder.add_dev({'id': 0, 'region': 0, 'zone': 0, 'weight': 1.0, 'ip': '127.0.0.1',
                     'port': socket.getsockname()[1], 'device': 'disk'})
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, name + '.ring.gz'))
    eventlet.spawn(wsgi.server, socket, module.app_factory({}, **conf), quiet)


devices = os.path.join(folder, 'devices')
os.makedirs(os.path.join(devices, 'disk'), exist_ok=True)
backend_conf = {'swift_dir': folder, 'devices': devices, 'mount_check': 'false', 'disable_fallocate': 'true'}
for name, module in (('account', account), ('container', container), ('object', obj)):
    start_backend(name, module, backend_conf)

proxy_file = os.path.join(folder, 'proxy-server.conf')
open(proxy_file, 'w').close()
app = proxy.app_factory({'__file__': proxy_file, '__name__': 'proxy-server'}, swift_dir=folder,
                        account_autocreate='true')
made = Request.blank('/v1/AUTH_%s/%s' % (account_name, bucket), method='PUT').get_response(app)
if made.status_int // 100 != 2:
    sys.exit('cannot make the bucket %s: %s' % (bucket, made.status))

pipeline = (  # from the inside to the outside
    (slo, {}), (bulk, {}), (tempauth, {'user_%s_%s' % (account_name, user): secret_key + ' .admin'}),
    (s3api, dict(options, auth_pipeline_check='false')), (listing_formats, {}), (gatekeeper, {}), (catch_errors, {}))
for module, conf in pipeline:
    app = module.filter_factory({}, **conf)(app)
app = NothingCached(app)

socket = listen()
print('Listening on 127.0.0.1:%d' % socket.getsockname()[1], flush=True)
wsgi.server(socket, app, quiet)
