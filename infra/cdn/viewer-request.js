// Rewrites what clients ask for to what API Gateway knows: a socket's path becomes query parameters of the stage, one trailing slash goes.
var STAGE = '/live';
var SOCKETS = [
    { path: /^\/ws\/messaging$/, socket: 'messaging' },
    { path: /^\/ws\/messaging\/conversations\/([^/]+)$/, socket: 'conversation' },
    { path: /^\/ws\/chat\/([^/]+)$/, socket: 'conversation' },
    { path: /^\/ws\/typing\/([^/]+)$/, socket: 'typing' },
    { path: /^\/ws\/presence$/, socket: 'presence' }
];

// A path segment may hold what would end a query parameter, or be read as a space in one.
function asValue(segment) {
    return segment.replace(/&/g, '%26').replace(/=/g, '%3D').replace(/\+/g, '%2B');
}

function handler(event) {
    var request = event.request;
    var path = request.uri.length > 1 && request.uri.endsWith('/') ? request.uri.slice(0, -1) : request.uri;
    if (path !== '/ws' && !path.startsWith('/ws/')) {
        request.uri = path;
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
