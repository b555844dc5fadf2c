// A validating admission webhook for tests. It denies what carries the label holdfast.test/fate=denied, allows all
// else, and logs the name of each object that it was asked about.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

const certificates = "/tls/"

type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *request  `json:"request,omitempty"`
	Response   *response `json:"response,omitempty"`
}

type request struct {
	UID    string `json:"uid"`
	Object struct {
		Metadata struct {
			Name   string            `json:"name"`
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	} `json:"object"`
}

type response struct {
	UID     string  `json:"uid"`
	Allowed bool    `json:"allowed"`
	Status  *status `json:"status,omitempty"`
}

type status struct {
	Message string `json:"message"`
	Code    int    `json:"code"`
}

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		os.Exit(0)
	}()
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/validate", validate)
	log.Fatal(http.ListenAndServeTLS(":8443", certificates+"tls.crt", certificates+"tls.key", nil))
}

func validate(writer http.ResponseWriter, asked *http.Request) {
	var body review
	if err := json.NewDecoder(asked.Body).Decode(&body); err != nil || body.Request == nil {
		http.Error(writer, "no admission review", http.StatusBadRequest)
		return
	}
	answer := &response{UID: body.Request.UID, Allowed: true}
	if body.Request.Object.Metadata.Labels["holdfast.test/fate"] == "denied" {
		answer.Allowed = false
		answer.Status = &status{Message: "not here", Code: http.StatusForbidden}
	}
	log.Printf("asked about %s: %t", body.Request.Object.Metadata.Name, answer.Allowed)
	writer.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(writer).Encode(review{APIVersion: body.APIVersion, Kind: body.Kind, Response: answer}); err != nil {
		log.Print(err)
	}
}
