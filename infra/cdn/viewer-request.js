// Rewrites what clients ask for to what the origins know: a socket's path becomes query parameters of the stage, a file's path its key in the
// bucket, one trailing slash goes. The HTTP API is told under which host it was asked, since it sees its own name only.
var STAGE = '/live';
var SOCKETS = [
    { path: /^\/ws\/messaging$/, socket: 'messaging' },
    { path: /^\/ws\/messaging\/conversations\/([^/]+)$/, socket: 'conversation' },
    { path: /^\/ws\/chat\/([^/]+)$/, socket: 'conversation' },
    { path: /^\/ws\/typing\/([^/]+)$/, socket: 'typing' },
    { path: /^\/ws\/presence$/, socket: 'presence' }
];

// /media/<id>/<name>, where the name is for the reader alone, and /media/preview/<id>.
var FILE = /^\/media\/(preview\/)?([A-Za-z0-9_-]+)(?:\/[^/]*)?$/;

// A path segment may hold what would end a query parameter, or be read as a space in one.
function asValue(segment) {
    return segment.replace(/&/g, '%26').replace(/=/g, '%3D').replace(/\+/g, '%2B');
}

function handler(event) {
    var request = event.request;
    var path = request.uri.length > 1 && request.uri.endsWith('/') ? request.uri.slice(0, -1) : request.uri;
    if (path !== '/ws' && !path.startsWith('/ws/')) {
        var file = FILE.exec(path);
        request.uri = file ? '/' + (file[1] ? 'preview' : 'clean') + '/' + file[2] : path;
        if (!file && request.headers.host) request.headers['x-parlance-origin-host'] = { value: request.headers.host.value };
        return request;
    }
    for (var i = 0; i < SOCKETS.length; i++) {
        var found = SOCKETS[i].path.exec(path);
        if (found) {
            delete request.querystring.conversation_id;
            request.querystring.socket = { value: SOCKETS[i].socket };
            if (found[1]) request.querystring.conversation_id = { value: asValue(found[1]) };
            request.uri = STAGE;
            return request;
        }
    }
    return { statusCode: 404, statusDescription: 'Not Found' };
}
