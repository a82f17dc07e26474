const { description } = document.getElementById('explorer').dataset;

SwaggerUIBundle({
  url: description,
  dom_id: '#explorer',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
