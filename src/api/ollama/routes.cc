#include "api/ollama/routes.h"

#include "api/ollama/inference.h"
#include "api/ollama/manage.h"
#include "api/ollama/models.h"

namespace api::ollama {

void add_routes(http::Router& router, const Environment& environment) {
  add_inference_routes(router, environment);
  add_model_routes(router, environment);
  add_manage_routes(router, environment);
}

}  // namespace api::ollama
