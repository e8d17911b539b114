// The policy of decision.h as a service that sipedge asks:
//
//     build/least-cost --routes ../routes.csv --listen 127.0.0.1:50051

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <thread>

#include "decision.h"
#include "redirect/v1/redirect.grpc.pb.h"

namespace {

namespace pb = redirect::v1;

class Policy final : public pb::RedirectPolicyService::Service {
 public:
  explicit Policy(const least_cost::Routes& routes) : routes_(routes) {}

  // To refuse a call is a decision. An error says that there is none.
  grpc::Status Decide(grpc::ServerContext*, const pb::DecideRequest* request, pb::DecideResponse* answer) override {
    if (request->event_case() == pb::DecideRequest::EVENT_NOT_SET || !request->has_call() || request->attempts().empty()) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "want call, attempts and one of redirect, failure and advice"};
    }
    if (request->has_redirect() && request->redirect().response().status() / 100 != 3) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "a redirect has a status from 300 to 399"};
    }
    const std::string& profile = request->call().profile();
    if (!profile.empty() && profile != "default") {
      return {grpc::StatusCode::FAILED_PRECONDITION, "there is no profile but default"};
    }
    *answer = least_cost::Decision(routes_, *request).Answer();
    return grpc::Status::OK;
  }

  grpc::Status GetPolicyInfo(grpc::ServerContext*, const pb::GetPolicyInfoRequest*, pb::GetPolicyInfoResponse* info) override {
    info->set_name("least-cost");
    info->set_version(least_cost::kVersion);
    info->set_config_revision(routes_.revision());
    info->set_contract_revision("1.0");
    return grpc::Status::OK;
  }

 private:
  const least_cost::Routes& routes_;
};

int Serve(const least_cost::Routes& routes, const std::string& listen) {
  // Blocked before gRPC starts its threads, so that none of them gets the signal.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Policy policy(routes);
  int port = 0;
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&policy);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "least-cost: cannot listen on " << listen << "\n";
    return 1;
  }
  std::cerr << "listening addr=" << listen.substr(0, listen.rfind(':')) << ":" << port << std::endl;

  int signal = 0;
  sigwait(&signals, &signal);
  server->GetHealthCheckService()->Shutdown();  // the edge leaves this instance
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));  // for questions that are on their way
  server->Wait();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = "routes.csv", listen = "127.0.0.1:50051";
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (i + 1 == argc || (flag != "--routes" && flag != "--listen")) {
      std::cerr << "usage: least-cost [--routes FILE] [--listen ADDRESS]\n";
      return 2;
    }
    (flag == "--routes" ? file : listen) = argv[i + 1];
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::cerr << "least-cost: cannot read " << file << "\n";
    return 1;
  }
  try {
    const least_cost::Routes routes(file, {std::istreambuf_iterator<char>(in), {}});
    return Serve(routes, listen);
  } catch (const std::exception& err) {
    std::cerr << "least-cost: " << err.what() << "\n";
    return 1;
  }
}
