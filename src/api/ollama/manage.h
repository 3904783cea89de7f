#pragma once
// What Ollama's clients do to models: pull, create, copy, delete; and routes that are refused with a reason:
// push, uploads, embeddings of models that have none.
//
// Nothing here reads a file or calls out because a client said so: names are those of models and of the
// catalogue.
#include "api/common/environment.h"
#include "http/router.h"

namespace api::ollama {

// The environment outlives the router.
void add_manage_routes(http::Router& router, const Environment& environment);

}  // namespace api::ollama
