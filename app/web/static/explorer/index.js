const { description } = document.getElementById('explorer').dataset;

// Who is logged in by a cookie shows that it is this page that asks.
function withToken(request) {
  const token = /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1];
  const unsafe = !/^(GET|HEAD|OPTIONS|TRACE)$/i.test(request.method ?? 'GET');
  if (token && unsafe && !request.headers?.Authorization) {
    request.headers = { ...request.headers, 'X-CSRFToken': token };
  }
  return request;
}

SwaggerUIBundle({
  url: description,
  dom_id: '#explorer',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  requestInterceptor: withToken,
  validatorUrl: null,
});
